#include "file_source.h"
#include "root.h"
#include "zerver.flow.h"
#include <zerver/core/list.h>
#include <zerver/effects/file/open_file.h>
#include <zerver/effects/offload.h>
#include <zerver/execution/blocking_pool.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zerver::effects {
namespace {

using file::Problem;
using file::Root;

constexpr std::uint32_t kMostThreads = 1024;

class FileOfWorker;

// One operation, with copies of its arguments and of its result.
class FileJob final : public OffloadJob {
 public:
  FileJob(async::Loop& loop, const Root& root) : OffloadJob(loop), root_(&root) {}

  void set(FileOfWorker& owner, std::uint16_t operation, std::string_view path, std::string_view content) {
    owner_ = &owner;
    operation_index_ = operation;
    path_.assign(path);
    content_.assign(content);
    names_.clear();
    opened_.reset();
    problem_.reset();
  }
  // On this thread, for workers that have none to spare.
  void perform_here() noexcept { perform_operation(); }
  // Throws std::bad_alloc when the request has no memory for it.
  void answer(flow::Operation& operation);
  // Of somebody who does not wait any more: what was opened for him.
  void drop() noexcept { opened_.reset(); }
  void refuse(std::string_view why) { problem_ = file::Failure{FaultKind::kUnavailable, std::string(why)}; }

 private:
  void perform_operation() noexcept override;
  void back() noexcept override;

  const Root* root_;
  FileOfWorker* owner_ = nullptr;
  std::uint16_t operation_index_ = 0;
  std::string path_;
  std::string content_;  // that is written, or has been read
  std::int64_t number_ = 0;
  bool flag_ = false;
  std::vector<std::string> names_;
  std::unique_ptr<file::FileSource> opened_;
  Problem problem_;
};

class FileOfWorker final : public FileAdapter {
 public:
  FileOfWorker(flow::Worker& worker, const Root& root, execution::BlockingPool& pool,
               JobStore<FileJob>& store)
      : worker_(&worker), root_(&root), pool_(&pool), store_(&store) {}

  void read(const ReadArguments& arguments, flow::Reply<Bytes> reply) override {
    begin(reply.operation(), arguments.path, {});
  }
  void open(const OpenArguments& arguments, flow::StreamReply reply) override {
    begin(reply.operation(), arguments.path, {});
  }
  void write(const WriteArguments& arguments, flow::Reply<void> reply) override {
    begin(reply.operation(), arguments.path, arguments.content.view());
  }
  void remove(const RemoveArguments& arguments, flow::Reply<void> reply) override {
    begin(reply.operation(), arguments.path, {});
  }
  void exists(const ExistsArguments& arguments, flow::Reply<bool> reply) override {
    begin(reply.operation(), arguments.path, {});
  }
  void size(const SizeArguments& arguments, flow::Reply<std::int64_t> reply) override {
    begin(reply.operation(), arguments.path, {});
  }
  void list(const ListArguments& arguments, flow::Reply<List<String>> reply) override {
    begin(reply.operation(), arguments.path, {});
  }
  // What has begun goes on to its end.
  void cancel(flow::Operation& operation) noexcept override {
    auto& job = *static_cast<FileJob*>(operation.adapter_data);
    job.cancel();
    if (pool_->withdraw(job)) free_.push_back(&job);
  }
  void let_go(flow::Operation& operation) noexcept override {
    static_cast<FileJob*>(operation.adapter_data)->let_go();
  }

  // `operation` is null when nobody waits any more.
  void end(FileJob& job, flow::Operation* operation) noexcept {
    if (operation != nullptr) {
      try {
        job.answer(*operation);
      } catch (const std::bad_alloc&) {
        operation->fail({FaultKind::kUnavailable, "it is larger than a request's arena", {}});
      }
    }
    job.drop();
    free_.push_back(&job);
  }

 private:
  void begin(flow::Operation& operation, std::string_view path, std::string_view content) {
    FileJob& job = take();
    job.set(*this, operation.index(), path, content);
    job.begin(operation);
    if (worker_->limits().inline_effects) {
      job.perform_here();
      return end(job, job.end_here());
    }
    if (pool_->submit(job) == execution::Submit::kAccepted) return;
    job.refuse("too many operations on files wait");
    end(job, job.end_here());
  }
  FileJob& take() {
    if (free_.empty()) {
      // So that giving one back cannot fail.
      free_.reserve(++made_);
      return store_->make(worker_->loop(), *root_);
    }
    FileJob& job = *free_.back();
    free_.pop_back();
    return job;
  }

  flow::Worker* worker_;
  const Root* root_;
  execution::BlockingPool* pool_;
  JobStore<FileJob>* store_;
  std::vector<FileJob*> free_;
  std::size_t made_ = 0;
};

void FileJob::perform_operation() noexcept {
  if (given_up().load(std::memory_order_relaxed)) return;
  try {
    switch (operation_index_) {
      case FileAdapter::kRead:
        problem_ = root_->read(path_, content_);
        break;
      case FileAdapter::kOpen: {
        file::OpenFile opened;
        problem_ = root_->open_file(path_, opened);
        if (!problem_)
          opened_ = std::make_unique<file::FileSource>(std::move(opened), file::media_type(path_));
        break;
      }
      case FileAdapter::kWrite:
        problem_ = root_->write(path_, content_);
        break;
      case FileAdapter::kRemove:
        problem_ = root_->remove(path_);
        break;
      case FileAdapter::kExists:
        problem_ = root_->exists(path_, flag_);
        break;
      case FileAdapter::kSize:
        problem_ = root_->size(path_, number_);
        break;
      case FileAdapter::kList:
        problem_ = root_->list(path_, names_);
        break;
    }
  } catch (const std::bad_alloc&) {
    problem_ = file::Failure{FaultKind::kUnavailable, {}};
  }
}

void FileJob::back() noexcept {
  if (!ran()) refuse("the service stops");
  owner_->end(*this, take_operation());
}

void FileJob::answer(flow::Operation& operation) {
  if (problem_) return operation.fail({problem_->kind, String::borrowed(problem_->why), {}});
  switch (operation_index_) {
    case FileAdapter::kRead: {
      char* const memory =
          static_cast<char*>(operation.arena().allocate(std::max<std::size_t>(1, content_.size()), 1));
      std::memcpy(memory, content_.data(), content_.size());
      const Bytes bytes = Bytes::borrowed({memory, content_.size()});
      return operation.complete(&bytes);
    }
    case FileAdapter::kOpen:
      return flow::StreamReply(operation).open(*opened_.release());
    case FileAdapter::kExists:
      return operation.complete(&flag_);
    case FileAdapter::kSize:
      return operation.complete(&number_);
    case FileAdapter::kList: {
      Arena& arena = operation.arena();
      const std::span<String> names = arena.make_array<String>(names_.size());
      for (std::size_t i = 0; i < names_.size(); ++i)
        names[i] = arena.text(names_[i]);
      const List<String> list = List<String>::borrowed(names);
      return operation.complete(&list);
    }
    default:
      return operation.complete(nullptr);
  }
}

class FileSystem final : public System {
 public:
  FileSystem(Root root, std::string path, unsigned threads)
      : root_(std::move(root)), path_(std::move(path)), threads_(threads), pool_({.threads = threads}) {}

  std::unique_ptr<flow::Adapter> adapter(flow::Worker& worker) override {
    return std::make_unique<FileOfWorker>(worker, root_, pool_, jobs_);
  }
  std::string describe() const override { return path_; }
  Health health() const override {
    if (const Problem problem = root_.check()) return {Health::State::kDown, problem->why, {}};
    return {};
  }
  std::optional<PoolState> pool() const override {
    const execution::BlockingStats stats = pool_.stats();
    return PoolState{
        .open = static_cast<std::uint32_t>(stats.threads),
        .idle = static_cast<std::uint32_t>(stats.threads - std::min(stats.threads, stats.running)),
        .waiting = static_cast<std::uint32_t>(stats.waiting),
        .most = threads_};
  }
  void stop(Duration patience) noexcept override { static_cast<void>(pool_.join(patience)); }

 private:
  Root root_;
  std::string path_;
  unsigned threads_;
  JobStore<FileJob> jobs_;  // goes behind the pool
  execution::BlockingPool pool_;
};

}  // namespace

Registry::Open open_file() {
  return Registry::typed<FileConfig>([](const flow::TargetInfo&, const FileConfig& config) {
    if (config.threads == 0 || config.threads > kMostThreads)
      return Opened{nullptr, "parameter `threads` must be from 1 to 1024"};
    Root root(config.most);
    if (std::string error = root.open(config.root); !error.empty()) return Opened{nullptr, std::move(error)};
    return Opened{std::make_unique<FileSystem>(std::move(root), config.root, config.threads), {}};
  });
}

}  // namespace zerver::effects
