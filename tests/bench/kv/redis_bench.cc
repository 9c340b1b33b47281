// How many SETs a second one worker gets through one connection to a Redis: `kv_redis_bench redis://host:port
// [COUNT] [IN_FLIGHT]` prints the number. compare_redis.py puts it beside redis-benchmark.
#include <zerver/core/clock.h>
#include <zerver/core/random.h>
#include <zerver/effects/redis/client.h>
#include <zerver/effects/redis/options.h>
#include <zerver/io/asio_loop.h>
#include <zerver/io/net/network.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace zerver::effects::redis {
namespace {

// Sends a command again and again until enough have been answered.
class Sender {
 public:
  Sender(Client& client, io::AsioLoop& loop, std::size_t count, std::size_t in_flight)
      : client_(client), loop_(loop), to_send_(count), to_answer_(count) {
    for (std::size_t i = 0; i < in_flight; ++i)
      sets_.push_back(std::make_unique<Set>(*this));
  }
  void start() {
    for (const std::unique_ptr<Set>& set : sets_)
      send(*set);
  }
  bool failed() const noexcept { return failed_; }

 private:
  struct Set final : Command {
    explicit Set(Sender& owner) noexcept : sender(owner) {}
    void on_reply(const Reply& reply) noexcept override { sender.answered(*this, !reply.is_error()); }
    void on_failure(const Fault&) noexcept override { sender.answered(*this, false); }
    Sender& sender;
  };

  void send(Set& set) {
    if (to_send_ == 0) return;
    --to_send_;
    key_ = "key:" + std::to_string(to_send_ % 100'000);
    set.set({"SET", key_, value_});
    client_.start(set);
  }
  void answered(Set& set, bool is_good) noexcept {
    failed_ = failed_ || !is_good;
    if (--to_answer_ == 0 || failed_) return loop_.stop();
    send(set);
  }

  Client& client_;
  io::AsioLoop& loop_;
  std::size_t to_send_;
  std::size_t to_answer_;
  std::string key_;
  const std::string value_ = std::string(100, 'v');
  std::vector<std::unique_ptr<Set>> sets_;
  bool failed_ = false;
};

int run(const char* url, std::size_t count, std::size_t in_flight) {
  Options options;
  if (const std::string error = parse_url(url, options); !error.empty()) {
    std::fprintf(stderr, "%s\n", error.c_str());
    return 2;
  }
  const SystemClock clock;
  SystemRandom random;
  io::AsioLoop loop(clock);
  Client client(*io::net::network_of(loop), random, options);
  for (const std::size_t each : {count / 10, count}) {  // the first warms up
    Sender sender(client, loop, each, in_flight);
    const TimePoint begin = clock.now();
    sender.start();
    loop.run();
    if (sender.failed()) {
      std::fprintf(stderr, "a SET failed\n");
      return 1;
    }
    const double seconds = static_cast<double>((clock.now() - begin).nanoseconds) / 1e9;
    if (each == count) std::printf("%.0f\n", static_cast<double>(count) / seconds);
  }
  return 0;
}

}  // namespace
}  // namespace zerver::effects::redis

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const auto number = [&](int position, std::size_t otherwise) {
    return argc > position ? static_cast<std::size_t>(std::strtoul(argv[position], nullptr, 10)) : otherwise;
  };
  return zerver::effects::redis::run(argv[1], number(2, 500'000), number(3, 64));
}
