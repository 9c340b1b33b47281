// A server of DNS with the answers that a test gives it (RFC 1035, 4).
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace zerver::io::net {

// On 127.0.0.1, by UDP, on a thread of its own.
class NameServer {
 public:
  enum class Does : std::uint8_t { kAnswers, kFails, kIsSilent };
  struct Record {
    std::vector<std::string> addresses;
    std::uint32_t life = 60;  // s
  };

  NameServer();
  ~NameServer();
  NameServer(const NameServer&) = delete;
  NameServer& operator=(const NameServer&) = delete;

  // As NetworkOptions::name_servers.
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  // Any other name does not exist.
  void set(const std::string& name, Record record);
  void set(Does does) { does_ = does; }
  // How often it was asked for the IPv4 addresses of any name.
  int asked() const noexcept { return asked_; }

 private:
  void run();
  // Empty: it says nothing.
  std::string answer(const std::string& question);

  int socket_;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  std::map<std::string, Record> records_;
  std::atomic<Does> does_ = Does::kAnswers;
  std::atomic<int> asked_ = 0;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace zerver::io::net
