// Names by the hosts file and DNS, with c-ares.
#include "net/dns_source.h"

#include "net/descriptor.h"
#include "net/socket_address.h"

#include <ares.h>

#include <algorithm>
#include <chrono>
#include <fcntl.h>
#include <limits>
#include <map>
#include <stdexcept>
#include <sys/time.h>
#include <utility>

namespace zerver::io::net {
namespace {

constexpr int kTimeoutMilliseconds = 1'000;  // of a server, doubled with each try
constexpr int kTries = 3;

[[noreturn]] void fail(int status) { throw std::runtime_error(std::string("DNS: ") + ares_strerror(status)); }

class DnsSource final : public NameSource, private async::Timer {
 public:
  DnsSource(AsioLoop& loop, const std::string& servers) : Timer(fire), loop_(loop) {
    ares_options options{};
    char lookups[] = "fb";  // the file of hosts, then DNS
    options.timeout = kTimeoutMilliseconds;
    options.tries = kTries;
    options.lookups = lookups;
    options.sock_state_cb = on_socket;
    options.sock_state_cb_data = this;
    if (const int status = ares_init_options(
            &channel_, &options,
            ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB);
        status != ARES_SUCCESS)
      fail(status);
    if (servers.empty()) return;
    if (const int status = ares_set_servers_ports_csv(channel_, servers.c_str()); status != ARES_SUCCESS) {
      ares_destroy(channel_);
      fail(status);
    }
  }
  ~DnsSource() override {
    going_ = true;
    loop_.stop(*this);
    ares_destroy(channel_);  // tells everybody who still asks, and closes the sockets
  }

  void ask(std::string_view name, Answered& answered) override {
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;  // otherwise every address comes once a kind of socket
    auto question = std::make_unique<Question>(Question{*this, answered});
    ares_getaddrinfo(channel_, std::string(name).c_str(), nullptr, &hints, on_answer, question.release());
    set_timer();
  }

 private:
  struct Question {
    DnsSource& source;
    Answered& answered;
  };

  // A socket of the library.
  class Socket final : private Descriptor::Owner {
   public:
    // One that cannot be registered is never ready: what was asked through it is asked again, or given up.
    Socket(DnsSource& source, int number) : source_(source), number_(number) {
      Result<DescriptorPtr> opened = Descriptor::open(source.loop_, fcntl(number, F_DUPFD_CLOEXEC, 0));
      if (!opened) return;
      descriptor_ = *std::move(opened);
      descriptor_->set_owner(this);
    }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    void want(bool readable, bool writable) {
      wants_read_ = readable;
      wants_write_ = writable;
      wait();
    }
    void wait() {
      if (descriptor_ == nullptr) return;
      if (wants_read_) descriptor_->wait(Direction::kRead);
      if (wants_write_) descriptor_->wait(Direction::kWrite);
    }

   private:
    void ready(Direction direction) noexcept override {
      source_.process(number_, direction);  // last: this may be gone
    }

    DnsSource& source_;
    int number_;
    DescriptorPtr descriptor_;  // of a copy of it, because the library closes its own
    bool wants_read_ = false;
    bool wants_write_ = false;
  };

  static void fire(Timer& timer) noexcept {
    auto& self = static_cast<DnsSource&>(timer);
    ares_process_fd(self.channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    self.set_timer();
  }

  void process(int socket, Direction direction) noexcept {
    const bool reads = direction == Direction::kRead;
    ares_process_fd(channel_, reads ? socket : ARES_SOCKET_BAD, reads ? ARES_SOCKET_BAD : socket);
    if (const auto place = sockets_.find(socket); place != sockets_.end()) place->second.wait();
    set_timer();
  }

  // When the library wants to try again, or to give up.
  void set_timer() noexcept {
    timeval left{};
    if (ares_timeout(channel_, nullptr, &left) == nullptr) {
      loop_.stop(*this);
    } else {
      const auto span = std::chrono::seconds(left.tv_sec) + std::chrono::microseconds(left.tv_usec);
      loop_.start(*this, loop_.now() + Duration::from_microseconds(span.count()));
    }
  }

  static void on_socket(void* data, ares_socket_t socket, int readable, int writable) {
    auto& self = *static_cast<DnsSource*>(data);
    if (readable == 0 && writable == 0) {
      self.sockets_.erase(socket);
    } else {
      self.sockets_.try_emplace(socket, self, socket).first->second.want(readable != 0, writable != 0);
    }
  }

  static void on_answer(void* data, int status, int, ares_addrinfo* found) {
    const std::unique_ptr<Question> question(static_cast<Question*>(data));
    if (found != nullptr && question->source.going_) ares_freeaddrinfo(found);
    if (question->source.going_) return;
    question->answered.answer(answer_of(status, found));
  }
  static NameAnswer answer_of(int status, ares_addrinfo* found) {
    NameAnswer answer;
    if (status == ARES_ENOTFOUND || status == ARES_ENODATA) answer.kind = NameAnswer::Kind::kNoSuchName;
    if (status == ARES_SUCCESS && found != nullptr) {
      int life = std::numeric_limits<int>::max();
      for (const ares_addrinfo_node* node = found->nodes; node != nullptr; node = node->ai_next) {
        const std::optional<Address> address = address_of(*node->ai_addr);
        if (!address) continue;
        answer.addresses.push_back(*address);
        life = std::min(life, node->ai_ttl);
      }
      answer.life = Duration::from_seconds(std::max(life, 0));
      answer.kind = answer.addresses.empty() ? NameAnswer::Kind::kNoSuchName : NameAnswer::Kind::kFound;
    }
    if (found != nullptr) ares_freeaddrinfo(found);
    return answer;
  }

  AsioLoop& loop_;
  ares_channel channel_ = nullptr;
  std::map<int, Socket> sockets_;
  bool going_ = false;
};

}  // namespace

std::unique_ptr<NameSource> dns_source(AsioLoop& loop, const std::string& servers) {
  return std::make_unique<DnsSource>(loop, servers);
}

}  // namespace zerver::io::net
