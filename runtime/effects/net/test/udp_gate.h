// A relay of datagrams between a client under test and its server, that fails on demand.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <netinet/in.h>
#include <string>
#include <thread>
#include <vector>

namespace zerver::effects::net {

enum class UdpFault : std::uint8_t {
  kNone,
  kLost,       // nothing gets through
  kLate,       // what the server answers gets through when the fault is over
  kDuplicate,  // every answer comes twice
  kRefuse,     // nobody listens
};

// Listens on 127.0.0.1 on a thread of its own.
class UdpGate {
 public:
  explicit UdpGate(std::uint16_t server_port);
  ~UdpGate();
  UdpGate(const UdpGate&) = delete;
  UdpGate& operator=(const UdpGate&) = delete;

  std::string url() const { return "udp://127.0.0.1:" + std::to_string(ntohs(front_address_.sin_port)); }
  // That have sent something that got through. The gate has a socket for each.
  std::size_t clients();
  // Returns when it is in force.
  void set(UdpFault fault);

 private:
  struct Answer {
    sockaddr_in to;
    std::string data;
  };

  void open_front();
  void close_front();
  void run();
  void take_from_client();
  void take_from_server(std::uint16_t client);
  void send(const Answer& answer) const;

  sockaddr_in server_address_{};
  sockaddr_in front_address_{};
  int wake_[2] = {-1, -1};
  std::mutex mutex_;  // of all below, but while the thread waits
  UdpFault fault_ = UdpFault::kNone;
  bool ends_ = false;
  int front_ = -1;                      // where clients send to
  std::map<std::uint16_t, int> backs_;  // to the server, by the port of the client
  std::vector<Answer> late_;
  std::uint64_t orders_ = 0;  // given, and in force
  std::uint64_t obeyed_ = 0;
  std::condition_variable obeyed_changed_;
  std::thread thread_;
};

}  // namespace zerver::effects::net
