#include "mailer.h"

#include "mailer.flow.h"
#include <zerver/effects/offload.h>
#include <zerver/execution/blocking_pool.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace letters {
namespace {

using zerver::Fault;
using zerver::FaultKind;
using zerver::String;
namespace effects = zerver::effects;
namespace flow = zerver::flow;

std::string letter_text(const MailerConfig& config, std::string_view to, std::string_view text) {
  std::string letter = "From: " + config.from + "\nTo: ";
  letter += to;
  if (config.paper == Paper::kFine) letter += "\nPaper: fine";
  letter += "\n\n";
  return letter += text;
}

// What a step hands over ends up in a file for people and programs: no line may begin where the caller likes.
bool is_address(std::string_view text) noexcept {
  return text.find('@') != std::string_view::npos && text.find_first_of("\r\n") == std::string_view::npos;
}

bool is_number(std::string_view text) noexcept {
  return !text.empty() && text.size() <= 18 &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// --- In a folder ---

// The number of the last letter that an earlier run has left there. Throws std::filesystem::filesystem_error.
std::uint64_t last_letter(const std::string& folder) {
  std::uint64_t last = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string number = entry.path().stem().string();
    if (entry.path().extension() == ".letter" && is_number(number))
      last = std::max(last, std::uint64_t{std::stoull(number)});
  }
  return last;
}

// What the workers share.
struct Outbox {
  explicit Outbox(const MailerConfig& the_config) : config(the_config) {}

  std::filesystem::path file(std::string_view letter) const {
    return std::filesystem::path(config.folder) / (std::string(letter) + ".letter");
  }

  MailerConfig config;
  std::atomic<std::uint64_t> last = 0;  // number of a letter
  effects::HealthRecord health{effects::Health::State::kUp};
};

class MailerOfWorker;

class MailJob final : public effects::OffloadJob {
 public:
  MailJob(flow::Worker& worker, MailerOfWorker& owner, Outbox& outbox)
      : OffloadJob(worker.loop()), owner_(&owner), outbox_(&outbox) {}

  void set(std::uint16_t operation, std::string_view to_or_letter, std::string_view text) {
    operation_ = operation;
    first_.assign(to_or_letter);
    text_.assign(text);
    fault_.reset();
  }
  void refuse(FaultKind kind, std::string_view why) {
    fault_ = kind;
    answer_.assign(why);
  }
  void answer(flow::Operation& operation) const {
    if (fault_) return operation.fail({*fault_, String::borrowed(answer_), {}});
    const String text = operation.arena().text(answer_);
    operation.complete(&text);
  }

 private:
  void perform_operation() noexcept override;
  void back() noexcept override;
  void send();
  void show();

  MailerOfWorker* owner_;
  Outbox* outbox_;
  std::uint16_t operation_ = 0;
  std::string first_;
  std::string text_;
  std::string answer_;  // or why there is none
  std::optional<FaultKind> fault_;
};

class MailerOfWorker final : public MailerAdapter {
 public:
  MailerOfWorker(flow::Worker& worker, Outbox& outbox, zerver::execution::BlockingPool& pool,
                 effects::JobStore<MailJob>& store)
      : worker_(&worker), outbox_(&outbox), pool_(&pool), store_(&store) {}

  void send(const SendArguments& arguments, flow::Reply<String> reply) override {
    if (!is_address(arguments.to)) return reply.fail({FaultKind::kRejected, "it is no address", {}});
    submit(reply.operation(), arguments.to, arguments.text);
  }
  void show(const ShowArguments& arguments, flow::Reply<String> reply) override {
    // A number, so that no path can be made of it.
    if (!is_number(arguments.letter))
      return reply.fail({FaultKind::kMissing, "it is no number of a letter", {}});
    submit(reply.operation(), arguments.letter, {});
  }
  void cancel(flow::Operation& operation) noexcept override {
    auto& job = *static_cast<MailJob*>(operation.adapter_data);
    job.cancel();
    if (pool_->withdraw(job)) free_.push_back(&job);
  }
  // `operation` is null when nobody waits any more.
  void end(MailJob& job, flow::Operation* operation) noexcept {
    if (operation != nullptr) {
      try {
        job.answer(*operation);
      } catch (const std::bad_alloc&) {
        operation->fail({FaultKind::kUnavailable, "the letter is larger than a request's memory", {}});
      }
    }
    free_.push_back(&job);
  }

 private:
  void submit(flow::Operation& operation, std::string_view first, std::string_view text) {
    if (free_.empty()) {
      free_.reserve(++made_);  // so that giving one back cannot fail
      free_.push_back(&store_->make(*worker_, *this, *outbox_));
    }
    MailJob& job = *free_.back();
    free_.pop_back();
    job.set(operation.index(), first, text);
    job.begin(operation);
    if (pool_->submit(job) == zerver::execution::Submit::kAccepted) return;
    job.refuse(FaultKind::kUnavailable, "too many letters are being written");
    end(job, job.end_here());
  }

  flow::Worker* worker_;
  Outbox* outbox_;
  zerver::execution::BlockingPool* pool_;
  effects::JobStore<MailJob>* store_;
  std::vector<MailJob*> free_;
  std::size_t made_ = 0;
};

void MailJob::perform_operation() noexcept {
  try {
    if (operation_ == MailerAdapter::kSend) {
      send();
    } else {
      show();
    }
  } catch (const std::exception& error) {
    refuse(FaultKind::kUnavailable, error.what());
  }
}

void MailJob::send() {
  const std::uint64_t number = ++outbox_->last;
  if (number > outbox_->config.most) return refuse(FaultKind::kUnavailable, "the outbox is full");
  answer_ = std::to_string(number);
  std::ofstream file(outbox_->file(answer_), std::ios::binary);
  file << letter_text(outbox_->config, first_, text_);
  if (!file.flush()) refuse(FaultKind::kUnavailable, "the outbox cannot be written");
}

void MailJob::show() {
  std::ifstream file(outbox_->file(first_), std::ios::binary);
  if (!file) return refuse(FaultKind::kMissing, "there is no such letter");
  answer_.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

void MailJob::back() noexcept {
  if (!ran()) refuse(FaultKind::kUnavailable, "the service stops");
  owner_->end(*this, take_operation());
}

class MailerSystem final : public effects::System {
 public:
  MailerSystem(const MailerConfig& config, std::uint64_t last) : outbox_(config), pool_({.threads = 2}) {
    outbox_.last = last;
  }

  std::unique_ptr<flow::Adapter> adapter(flow::Worker& worker) override {
    return std::make_unique<MailerOfWorker>(worker, outbox_, pool_, jobs_);
  }
  std::string describe() const override { return outbox_.config.folder; }
  // What `--targets` asks: is the folder still there?
  void probe(flow::Worker& worker, effects::ProbeDone done) override {
    std::error_code ignored;
    const bool is_there = std::filesystem::is_directory(outbox_.config.folder, ignored);
    outbox_.health.note(is_there ? effects::Health::State::kUp : effects::Health::State::kDown,
                        is_there ? "" : "the folder is gone", worker.loop().now());
    done(outbox_.health.health());
  }
  effects::Health health() const override { return outbox_.health.health(); }
  std::optional<effects::PoolState> pool() const override {
    const zerver::execution::BlockingStats stats = pool_.stats();
    return effects::PoolState{
        .open = static_cast<std::uint32_t>(stats.threads),
        .idle = static_cast<std::uint32_t>(stats.threads - std::min(stats.threads, stats.running)),
        .waiting = static_cast<std::uint32_t>(stats.waiting),
        .most = 2};
  }
  void stop(zerver::Duration patience) noexcept override { static_cast<void>(pool_.join(patience)); }

 private:
  Outbox outbox_;
  effects::JobStore<MailJob> jobs_;  // goes behind the pool
  zerver::execution::BlockingPool pool_;
};

// --- In memory ---

class MemoryMailer final : public MailerAdapter {
 public:
  MemoryMailer(const MailerConfig& config, std::map<std::string, std::string, std::less<>>& letters,
               std::mutex& mutex)
      : config_(&config), letters_(&letters), mutex_(&mutex) {}

  void send(const SendArguments& arguments, flow::Reply<String> reply) override {
    if (!is_address(arguments.to)) return reply.fail({FaultKind::kRejected, "it is no address", {}});
    std::string number;
    {
      const std::lock_guard lock(*mutex_);
      if (letters_->size() < config_->most) {
        number = std::to_string(letters_->size() + 1);
        letters_->emplace(number, letter_text(*config_, arguments.to, arguments.text));
      }
    }
    if (number.empty()) return reply.fail({FaultKind::kUnavailable, "the outbox is full", {}});
    reply.succeed(reply.operation().arena().text(number));
  }
  void show(const ShowArguments& arguments, flow::Reply<String> reply) override {
    std::optional<std::string> letter;
    {
      const std::lock_guard lock(*mutex_);
      if (const auto found = letters_->find(std::string_view(arguments.letter)); found != letters_->end())
        letter = found->second;
    }
    if (!letter) return reply.fail({FaultKind::kMissing, "there is no such letter", {}});
    reply.succeed(reply.operation().arena().text(*letter));
  }
  // Everything is answered at once, so there is nothing to cancel.
  void cancel(flow::Operation&) noexcept override {}

 private:
  const MailerConfig* config_;
  std::map<std::string, std::string, std::less<>>* letters_;
  std::mutex* mutex_;
};

class MemoryMailerSystem final : public effects::System {
 public:
  explicit MemoryMailerSystem(const MailerConfig& config) : config_(config) {}
  std::unique_ptr<flow::Adapter> adapter(flow::Worker&) override {
    return std::make_unique<MemoryMailer>(config_, letters_, mutex_);
  }
  std::string describe() const override { return "memory"; }

 private:
  MailerConfig config_;
  std::mutex mutex_;
  std::map<std::string, std::string, std::less<>> letters_;  // by number; guarded by mutex_
};

}  // namespace

effects::Registry::Open open_mailer() {
  return effects::Registry::typed<MailerConfig>([](const flow::TargetInfo&, const MailerConfig& config) {
    std::error_code error;
    std::filesystem::create_directories(config.folder, error);
    if (error) return effects::Opened{nullptr, "folder `" + config.folder + "`: " + error.message()};
    return effects::Opened{std::make_unique<MailerSystem>(config, last_letter(config.folder)), {}};
  });
}

effects::Registry::Open open_memory_mailer() {
  return effects::Registry::typed<MailerConfig>([](const flow::TargetInfo&, const MailerConfig& config) {
    return effects::Opened{std::make_unique<MemoryMailerSystem>(config), {}};
  });
}

}  // namespace letters

void register_adapters(zerver::effects::Registry& registry) {
  registry.add({.name = "letters.mailer", .version = "1.0.0", .reaches = "a folder of letters"},
               letters::open_mailer());
}
