// A worker of a queue that can be killed at any time, and says in a file what it does.
//
//   queue_worker URL put LOG COUNT    says `ready`, and puts jobs when its input ends: `P id what` when
//                                     one has been accepted, `F id what` when that failed, so that nobody
//                                     knows; another one is put in its place. Says `failed` when that
//                                     begins, `works` when it is over
//   queue_worker URL work LOG         claims and does them until it is killed
//   queue_worker URL list             `waiting running dead`, then the ids of dead letters
//
// LOG gets, of each job that is worked at: `C id token attempts before received lease` when it is claimed
// (the times before it was asked for, and when it was there, and how long it may be kept, in microseconds),
// `D id token` when it is done, `B id token` before it is given back, `A id token at` or `L id token at` when
// either has been acknowledged, or was too late.
#include <zerver/core/clock.h>
#include <zerver/core/random.h>
#include <zerver/effects/queue/open_queue.h>
#include <zerver/io/asio_loop.h>
#include <zerver/jobs/queue_store.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <memory>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

namespace zerver {
namespace {

constexpr Duration kLease = Duration::from_seconds(2);
constexpr Duration kSlow = Duration::from_milliseconds(100);
constexpr std::uint32_t kAttempts = 3;
constexpr std::size_t kClaim = 32;
constexpr Duration kPause = Duration::from_milliseconds(100);  // behind a failure of the store

std::string text_of(const Uuid& id) {
  std::string text(Uuid::kText, '\0');
  id.write(text.data());
  return text;
}

// Lines that stay when the process is killed.
class Journal {
 public:
  explicit Journal(const char* path) : file_(open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {}
  void write(const std::string& line) const {
    if (::write(file_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::abort();
  }

 private:
  int file_;
};

struct Process {
  explicit Process(const std::string& url) : opened(effects::open_queue(url, clock)) {
    if (opened.error.empty()) return;
    std::fprintf(stderr, "queue_worker: %s\n", opened.error.c_str());
    std::exit(1);
  }

  std::int64_t now() const { return clock.wall().microseconds; }

  SystemClock clock;
  SystemRandom random;
  effects::OpenedQueue opened;
  io::AsioLoop loop{clock};
};

// --- Putting ---

class Putter {
 public:
  Putter(Process& process, const char* path, std::size_t count)
      : process_(process),
        journal_(path),
        left_(count),
        unfinished_(count),
        session_(process.opened.store->session(process.loop, process.clock, nullptr)) {
    for (std::size_t i = 0; i < std::min<std::size_t>(count, 256); ++i)
      calls_.push_back(std::make_unique<Call>(*this));
  }

  void run() {
    std::puts("ready");
    std::fflush(stdout);
    while (std::getchar() != EOF) {
    }
    for (const auto& each : calls_)
      put(*each);
    process_.loop.run();
  }

 private:
  struct Call final : jobs::PutCall {
    explicit Call(Putter& the_putter)
        : PutCall([](async::Job& job) noexcept {
            auto& self = static_cast<Call&>(job);
            self.putter.done(self);
          }),
          putter(the_putter),
          again(*this) {}
    struct Again final : async::Timer {
      explicit Again(Call& the_call) noexcept
          : Timer([](Timer& timer) noexcept {
              auto& of = static_cast<Again&>(timer).call;
              of.putter.send(of);
            }),
            call(the_call) {}
      Call& call;
    };
    Putter& putter;
    std::size_t number = 0;
    std::string id, what;
    Again again;
  };

  // One of 100 always fails, one of 100 takes a while.
  void put(Call& call) {
    if (left_ == 0) return;
    call.number = left_--;
    call.what = call.number % 100 == 0 ? "bad" : call.number % 100 == 50 ? "slow" : "good";
    send(call);
  }
  void send(Call& call) {
    const Uuid id = Uuid::generate(process_.random);
    call.id = text_of(id);
    jobs::NewJob job;
    job.id = id;
    job.queue = "jobs";
    job.name = "work";
    job.arguments = call.what;
    if (call.number % 10 == 0)
      job.after = Duration::from_milliseconds(static_cast<std::int64_t>(call.number % 1000));
    if (session_->put(job, call)) process_.loop.defer(call);
  }
  void done(Call& call) {
    journal_.write((call.failed() ? "F " : "P ") + call.id + " " + call.what + "\n");
    if (std::exchange(is_failing_, call.failed()) != call.failed()) {
      std::puts(call.failed() ? "failed" : "works");
      std::fflush(stdout);
    }
    if (call.failed()) return process_.loop.start(call.again, process_.loop.now() + kPause);
    if (--unfinished_ == 0) return process_.loop.stop();
    put(call);
  }

  Process& process_;
  Journal journal_;
  std::size_t left_, unfinished_;
  bool is_failing_ = false;
  std::vector<std::unique_ptr<Call>> calls_;
  std::unique_ptr<jobs::QueueSession> session_;
};

// --- Working ---

class Worker final : private jobs::QueueListener {
 public:
  Worker(Process& process, const char* path)
      : process_(process),
        journal_(path),
        session_(process.opened.store->session(process.loop, process.clock, this)) {
    claim_.queue = "jobs";
    claim_.limit = kClaim;
    claim_.lease = kLease;
  }

  void run() {
    claim();
    process_.loop.run();
  }

 private:
  struct Claim final : jobs::ClaimCall {
    explicit Claim(Worker& the_worker)
        : ClaimCall([](async::Job& job) noexcept { static_cast<Claim&>(job).worker.claimed(); }),
          worker(the_worker) {}
    Worker& worker;
  };
  struct Settle final : jobs::SettleCall {
    explicit Settle(Worker& the_worker)
        : SettleCall([](async::Job& job) noexcept {
            auto& self = static_cast<Settle&>(job);
            self.worker.settled(self);
          }),
          worker(the_worker),
          slow(*this) {
      queue = "jobs";
    }
    struct Slow final : async::Timer {
      explicit Slow(Settle& the_settle) noexcept
          : Timer([](Timer& timer) noexcept {
              auto& of = static_cast<Slow&>(timer).settle;
              of.worker.end(of);
            }),
            settle(the_settle) {}
      Settle& settle;
    };
    Worker& worker;
    std::string id;
    bool is_used = false;
    Slow slow;
  };
  struct Due final : async::Timer {
    explicit Due(Worker& the_worker) noexcept
        : Timer([](Timer& timer) noexcept { static_cast<Due&>(timer).worker.claim(); }), worker(the_worker) {}
    Worker& worker;
  };

  void on_change() noexcept override { claim(); }

  void claim() {
    has_news_ = is_claiming_;
    if (std::exchange(is_claiming_, true)) return;
    process_.loop.stop(due_);
    before_ = process_.now();
    if (session_->claim(claim_)) process_.loop.defer(claim_);
  }

  void claimed() {
    is_claiming_ = false;
    if (claim_.failed()) return wait(kPause);
    const std::int64_t received = process_.now();
    for (jobs::ClaimedJob& job : claim_.jobs) {
      auto free = std::ranges::find(settles_, false, [](const auto& each) { return each->is_used; });
      if (free == settles_.end()) free = settles_.insert(free, std::make_unique<Settle>(*this));
      Settle& settle = **free;
      settle.is_used = true;
      settle.id = text_of(job.id);
      settle.lease = {job.key, job.token};
      journal_.write("C " + name(settle) + " " + std::to_string(job.attempts) + " " +
                     std::to_string(before_) + " " + std::to_string(received) + " " +
                     std::to_string(job.lease.nanoseconds / 1000) + "\n");
      settle.kind = jobs::SettleCall::Kind::kAck;
      if (job.arguments == "bad") {
        settle.kind =
            job.attempts < kAttempts ? jobs::SettleCall::Kind::kNack : jobs::SettleCall::Kind::kBury;
        settle.delay = Duration::from_milliseconds(10);
        settle.reason = "it never works";
      }
      if (job.arguments == "slow") {
        process_.loop.start(settle.slow, process_.loop.now() + kSlow);
      } else {
        end(settle);
      }
    }
    if (has_news_ || claim_.next_in == Duration{}) return claim();
    wait(claim_.next_in);
  }

  void wait(Duration span) {
    if (span != Duration::max()) process_.loop.start(due_, process_.loop.now() + span);
  }

  void end(Settle& settle) {
    journal_.write((settle.kind == jobs::SettleCall::Kind::kNack ? "B " : "D ") + name(settle) + "\n");
    if (session_->settle(settle)) process_.loop.defer(settle);
  }

  void settled(Settle& settle) {
    settle.is_used = false;
    if (settle.failed()) return;  // it comes again
    journal_.write((settle.lost ? "L " : "A ") + name(settle) + " " + std::to_string(process_.now()) + "\n");
  }

  static std::string name(const Settle& settle) {
    return settle.id + " " + std::to_string(settle.lease.token);
  }

  Process& process_;
  Journal journal_;
  std::vector<std::unique_ptr<Settle>> settles_;
  Claim claim_{*this};
  Due due_{*this};
  bool is_claiming_ = false;
  bool has_news_ = false;
  std::int64_t before_ = 0;
  std::unique_ptr<jobs::QueueSession> session_;
};

// --- Looking ---

void list(Process& process) {
  struct List final : jobs::ListCall {
    explicit List(io::AsioLoop& the_loop)
        : ListCall([](async::Job& job) noexcept { static_cast<List&>(job).loop.stop(); }), loop(the_loop) {}
    io::AsioLoop& loop;
  } call(process.loop);
  call.queue = "jobs";
  call.limit = 1'000'000;
  const auto session = process.opened.store->session(process.loop, process.clock, nullptr);
  if (!session->list(call)) process.loop.run();
  if (call.failed()) {
    std::fprintf(stderr, "queue_worker: %s\n", call.why.c_str());
    std::exit(1);
  }
  std::printf("%llu %llu %llu\n", static_cast<unsigned long long>(call.waiting),
              static_cast<unsigned long long>(call.running), static_cast<unsigned long long>(call.dead));
  for (const jobs::DeadLetter& letter : call.dead_letters)
    std::printf("%s %u\n", letter.id.c_str(), letter.attempts);
}

}  // namespace
}  // namespace zerver

int main(int argc, char** argv) {
  const std::string_view what = argc > 2 ? argv[2] : "";
  if (what == "put" && argc == 5) {
    zerver::Process process(argv[1]);
    zerver::Putter(process, argv[3], std::strtoul(argv[4], nullptr, 10)).run();
  } else if (what == "work" && argc == 4) {
    zerver::Process process(argv[1]);
    zerver::Worker(process, argv[3]).run();
  } else if (what == "list") {
    zerver::Process process(argv[1]);
    zerver::list(process);
  } else {
    std::fprintf(stderr, "usage: queue_worker URL put LOG COUNT | work LOG | list\n");
    return 2;
  }
  return 0;
}
