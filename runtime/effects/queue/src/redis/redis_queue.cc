#include "redis_queue.h"

#include <zerver/effects/redis/client.h>
#include <zerver/io/asio_loop.h>
#include <zerver/io/net/network.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <utility>
#include <vector>

namespace zerver::effects::queue {

namespace {

using redis::Reply;

constexpr Duration kLook = Duration::from_milliseconds(20);

std::string number(std::int64_t value) { return std::to_string(value); }
std::string microseconds(Duration span) {
  // Above it a number of Lua is not exact.
  constexpr std::int64_t kMost = 3'155'760'000'000'000;
  return number(std::min(span.nanoseconds / 1'000, kMost));
}
std::string text_of(const Uuid& id) {
  std::string text(Uuid::kText, '\0');
  id.write(text.data());
  return text;
}
// As the scripts write the numbers of jobs, so that their order is that of texts.
std::string text_of(std::uint64_t key) {
  std::string text = std::to_string(key);
  return std::string(16 - std::min<std::size_t>(16, text.size()), '0') + text;
}

std::int64_t integer(const Reply& reply) noexcept {
  if (reply.kind == Reply::Kind::kInteger) return reply.integer;
  std::int64_t value = 0;
  std::from_chars(reply.text.data(), reply.text.data() + reply.text.size(), value);
  return value;
}

// `jobs` for `jobs/shop.index`; the hash tag keeps all of it on one node.
std::string key_of(std::string_view queue) {
  return "zerver:queue:{" + std::string(queue.substr(0, queue.find('/'))) + "}";
}

}  // namespace

class RedisQueue::Session final : public jobs::QueueSession {
 public:
  Session(RedisQueue& queue, async::Loop& loop, jobs::QueueListener* listener)
      : queue_(queue), loop_(loop), listener_(listener) {
    io::net::Network* const network = io::net::network_of(loop);
    if (network == nullptr) return;
    client_.emplace(*network, random_, queue.options_, queue.tls_.get());
    if (listener_ != nullptr) loop_.start(look_, loop_.now() + kLook);
  }
  ~Session() override {
    loop_.stop(look_);
    if (!client_) return;
    client_->abandon(version_);
    for (const auto& each : asked_)
      if (each->call != nullptr) client_->abandon(*each);
  }

  bool put(const jobs::NewJob& job, jobs::PutCall& call) noexcept override {
    const std::string key = key_of(job.queue);
    const JobWords words(job);
    return ask(call, [&](Asked& asked) {
      asked.set(queue_.scripts_.put, key,
                {words.id, job.queue, job.name, job.arguments, job.unique, words.priority, words.after,
                 words.lease});
      asked.read = [this, &call](const Reply& reply) {
        const bool is_new = integer(reply) == 1;
        call.result = is_new ? jobs::Put::kAccepted : jobs::Put::kDuplicate;
        own_ += is_new ? 1 : 0;
      };
    });
  }

  bool claim(jobs::ClaimCall& call) noexcept override {
    look_at(key_of(call.queue));
    return ask(call, [&](Asked& asked) {
      asked.set(queue_.scripts_.claim, key_of(call.queue),
                {call.queue, number(static_cast<std::int64_t>(call.limit)), microseconds(call.lease)});
      asked.read = [&call](const Reply& reply) { read_claim(reply, call); };
    });
  }

  bool settle(jobs::SettleCall& call) noexcept override {
    static constexpr std::string_view kWords[] = {"ack", "nack", "release", "bury"};
    return ask(call, [&](Asked& asked) {
      asked.set(queue_.scripts_.settle, key_of(call.queue),
                {text_of(call.lease.key), number(static_cast<std::int64_t>(call.lease.token)),
                 kWords[static_cast<std::size_t>(call.kind)], microseconds(call.delay), call.dead_letter,
                 call.reason});
      asked.read = [this, &call](const Reply& reply) {
        call.lost = integer(reply) == 0;
        own_ += integer(reply) == 2 ? 1 : 0;
      };
    });
  }

  bool extend(jobs::ExtendCall& call) noexcept override {
    return ask(call, [&](Asked& asked) {
      std::string words;
      for (const jobs::ExtendCall::Entry& each : call.entries)
        words.append(text_of(each.lease.key))
            .append(1, ' ')
            .append(number(static_cast<std::int64_t>(each.lease.token)))
            .append(1, ' ')
            .append(microseconds(each.span))
            .append(1, ' ');
      asked.set(queue_.scripts_.extend, key_of(call.queue), {words});
      asked.read = [&call](const Reply& reply) {
        for (std::size_t i = 0; i < call.entries.size(); ++i)
          call.entries[i].lost = i >= reply.count || integer(reply.items[i]) != 1;
      };
    });
  }

  bool fire(const jobs::NewJob& job, jobs::FireCall& call) noexcept override {
    const JobWords words(job);
    return ask(call, [&](Asked& asked) {
      asked.set(queue_.scripts_.fire, key_of(job.queue),
                {call.cron, number(call.at.microseconds), call.skips ? "1" : "0", words.id, job.queue,
                 job.name, job.arguments, job.unique, words.priority, words.after, words.lease});
      asked.read = [this, &call](const Reply& reply) {
        using Result = jobs::FireCall::Result;
        call.result = integer(reply) == 1   ? Result::kFired
                      : integer(reply) == 2 ? Result::kEarlier
                                            : Result::kBusy;
        own_ += call.result == Result::kFired ? 1 : 0;
      };
    });
  }

  bool cron(jobs::CronCall& call) noexcept override {
    return ask(call, [&](Asked& asked) {
      asked.set(queue_.scripts_.cron, key_of(call.queue), {call.cron, number(call.now.microseconds)});
      asked.read = [&call](const Reply& reply) { call.last = {integer(reply)}; };
    });
  }

  bool list(jobs::ListCall& call) noexcept override {
    return ask(call, [&](Asked& asked) {
      asked.set(queue_.scripts_.list, key_of(call.queue), {number(static_cast<std::int64_t>(call.limit))});
      asked.read = [&call](const Reply& reply) { read_list(reply, call); };
    });
  }

  bool revive(jobs::ReviveCall& call) noexcept override {
    return ask(call, [&](Asked& asked) {
      asked.set(queue_.scripts_.revive, key_of(call.queue), {text_of(call.id), call.drop ? "1" : "0"});
      asked.read = [this, &call](const Reply& reply) {
        call.found = integer(reply) == 1;
        own_ += call.found && !call.drop ? 1 : 0;
      };
    });
  }

 private:
  // The words of a job that are no texts.
  struct JobWords {
    explicit JobWords(const jobs::NewJob& job)
        : id(text_of(job.id)),
          priority(number(static_cast<std::int64_t>(job.priority))),
          after(microseconds(job.after)),
          lease(microseconds(job.lease)) {}
    std::string id, priority, after, lease;
  };

  // A call, and how its answer is read.
  struct Asked final : redis::Command {
    explicit Asked(Session& the_session) : session(the_session) {}

    void on_reply(const Reply& reply) noexcept override {
      if (reply.is_error()) {
        end(reply.text);
      } else {
        read(reply);
        end({});
      }
    }
    void on_failure(const Fault& fault) noexcept override {
      end(fault.why.view().empty() ? "Redis cannot be reached" : fault.why.view());
    }
    void end(std::string_view why) noexcept {
      jobs::QueueCall& done = *std::exchange(call, nullptr);
      done.why = why;
      session.free_.push_back(this);
      if (is_starting) return;
      session.loop_.defer(done);
    }

    Session& session;
    jobs::QueueCall* call = nullptr;
    bool is_starting = false;
    std::function<void(const Reply&)> read;
  };

  // How often something has changed that others may want to know.
  struct Version final : redis::Command {
    explicit Version(Session& the_session) : session(the_session) {}
    void on_reply(const Reply& reply) noexcept override {
      session.heard(reply.is_error() ? 0 : integer(reply));
    }
    void on_failure(const Fault&) noexcept override { session.heard(-1); }
    Session& session;
  };
  struct Look final : async::Timer {
    explicit Look(Session& the_session) noexcept
        : Timer([](Timer& timer) noexcept { static_cast<Look&>(timer).session.look(); }),
          session(the_session) {}
    Session& session;
  };

  template <class Prepare> bool ask(jobs::QueueCall& call, Prepare prepare) noexcept {
    call.why.clear();
    if (!client_) {
      call.why = "Redis needs a loop with sockets";
      return true;
    }
    if (free_.empty()) {
      asked_.push_back(std::make_unique<Asked>(*this));
      free_.reserve(asked_.size());
      free_.push_back(asked_.back().get());
    }
    Asked& asked = *free_.back();
    free_.pop_back();
    asked.call = &call;
    prepare(asked);
    asked.is_starting = true;
    client_->start(asked);
    asked.is_starting = false;
    return asked.call == nullptr;
  }

  static void read_claim(const Reply& reply, jobs::ClaimCall& call) {
    call.jobs.clear();
    call.next_in = Duration::max();
    if (reply.count != 2) return;
    if (const std::int64_t next = integer(reply.items[0]); next >= 0)
      call.next_in = Duration::from_microseconds(next);
    for (const Reply& each : reply.items[1].list()) {
      if (each.count != 8) continue;
      jobs::ClaimedJob& job = call.jobs.emplace_back();
      job.key = static_cast<std::uint64_t>(integer(each.items[0]));
      job.id = Uuid::parse(each.items[1].text).value_or(Uuid{});
      job.name = each.items[2].text;
      job.arguments = each.items[3].text;
      job.attempts = static_cast<std::uint32_t>(integer(each.items[4]));
      job.token = static_cast<std::uint64_t>(integer(each.items[5]));
      job.priority = static_cast<async::Priority>(integer(each.items[6]));
      job.lease = Duration::from_microseconds(integer(each.items[7]));
    }
  }

  static void read_list(const Reply& reply, jobs::ListCall& call) {
    call.running_jobs.clear();
    call.dead_letters.clear();
    if (reply.count != 5) return;
    call.waiting = static_cast<std::uint64_t>(integer(reply.items[0]));
    call.running = static_cast<std::uint64_t>(integer(reply.items[1]));
    call.dead = static_cast<std::uint64_t>(integer(reply.items[2]));
    for (const Reply& each : reply.items[3].list()) {
      if (each.count != 4) continue;
      call.running_jobs.push_back({std::string(each.items[0].text), std::string(each.items[1].text),
                                   static_cast<std::uint32_t>(integer(each.items[2])),
                                   Timestamp{integer(each.items[3])}});
    }
    for (const Reply& each : reply.items[4].list()) {
      if (each.count != 7) continue;
      const auto text = [&](std::size_t at) { return std::string(each.items[at].text); };
      call.dead_letters.push_back({text(0), text(1), text(2), text(3), text(4),
                                   static_cast<std::uint32_t>(integer(each.items[5])),
                                   Timestamp{integer(each.items[6])}});
    }
  }

  // Claims say which queues it is about.
  void look_at(std::string key) {
    if (claimed_from_ == key) return;
    claimed_from_ = std::move(key);
    version_.set({"GET", claimed_from_ + ":version"});
  }
  void look() noexcept {
    loop_.start(look_, loop_.now() + kLook);
    if (claimed_from_.empty() || is_looking_) return;
    is_looking_ = true;
    client_->start(version_);
  }
  // What this session has changed itself came before the answer, on the same connection.
  void heard(std::int64_t version) noexcept {
    is_looking_ = false;
    if (version < 0) {
      seen_ = -1;
      return;
    }
    const bool is_news = version != seen_ + own_;
    seen_ = version;
    own_ = 0;
    if (is_news) listener_->on_change();
  }

  RedisQueue& queue_;
  async::Loop& loop_;
  jobs::QueueListener* listener_;
  SystemRandom random_;
  std::vector<std::unique_ptr<Asked>> asked_;
  std::vector<Asked*> free_;
  std::string claimed_from_;
  std::int64_t seen_ = 0;
  std::int64_t own_ = 0;
  bool is_looking_ = false;
  Version version_{*this};
  Look look_{*this};
  std::optional<redis::Client> client_;  // goes first
};

std::string RedisQueue::open(std::string_view url, const Clock& clock) {
  if (std::string error = redis::parse_url(url, options_); !error.empty()) return error;
  if (options_.tls) {
    tls_ = std::make_unique<io::net::TlsClient>();
    io::net::TlsOptions tls;
    tls.ca_file = options_.ca_file;
    if (std::string error = tls_->open(tls); !error.empty()) return error;
  }
  // That it is there, and may be used.
  io::AsioLoop loop(clock);
  struct Probe final : jobs::ListCall {
    explicit Probe(io::AsioLoop& the_loop)
        : ListCall([](async::Job& job) noexcept { static_cast<Probe&>(job).loop.stop(); }), loop(the_loop) {}
    io::AsioLoop& loop;
  } probe(loop);
  probe.queue = "jobs";
  const std::unique_ptr<jobs::QueueSession> asks = session(loop, clock, nullptr);
  if (!asks->list(probe)) loop.run();
  return probe.why;
}

std::unique_ptr<jobs::QueueSession> RedisQueue::session(async::Loop& loop, const Clock&,
                                                        jobs::QueueListener* listener) {
  return std::make_unique<Session>(*this, loop, listener);
}

}  // namespace zerver::effects::queue
