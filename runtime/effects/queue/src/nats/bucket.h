// A bucket of keys and values in NATS JetStream, whose entries have revisions.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace zerver::effects::queue {

struct NatsEntry {
  std::string key;
  std::string value;
  std::uint64_t revision = 0;
  std::int64_t created = 0;  // nanoseconds since 1970
  bool is_gone = false;      // it has been deleted
};

// How a change went.
enum class NatsChange : std::uint8_t {
  kDone,
  kOther,   // it is not what it was thought to be
  kFailed,  // NatsBucket::why()
};

// Waits for what it asks, a few seconds at most. libnats, which it is over, is loaded when one is opened, and
// connects again by itself. Of one thread.
class NatsBucket {
 public:
  NatsBucket();
  ~NatsBucket();
  NatsBucket(const NatsBucket&) = delete;
  NatsBucket& operator=(const NatsBucket&) = delete;

  // Makes it when it is not there. Empty, or what is wrong.
  [[nodiscard]] std::string open(const std::string& url, const std::string& name);
  // Of the last thing that failed.
  const std::string& why() const noexcept { return why_; }

  bool is_connected() const noexcept;
  // How often it has been connected again. What was watched before does not learn of what comes after.
  std::uint64_t reconnects() const noexcept;

  // Null when there is none, with why() empty, or when it failed.
  std::optional<NatsEntry> get(const std::string& key);
  NatsChange create(const std::string& key, std::string_view value, std::uint64_t& revision);
  // Only when it has that revision, which becomes the new one.
  NatsChange update(const std::string& key, std::string_view value, std::uint64_t& revision);
  // Only when that revision is there still; it leaves nothing behind.
  NatsChange erase(std::uint64_t revision);

  // All entries whose keys begin with `prefix.`, as they are now and as they change. next() is null when
  // there is nothing now.
  class Watch;
  std::unique_ptr<Watch> watch(const std::string& prefix);

 private:
  struct State;
  NatsChange changed(int status);

  std::unique_ptr<State> state_;
  std::string why_;
};

class NatsBucket::Watch {
 public:
  ~Watch();
  // Those that were there when it began come first; has_begun() says whether that is all of them.
  std::optional<NatsEntry> next(std::int64_t wait_milliseconds);
  bool has_begun() const noexcept { return has_begun_; }

 private:
  friend class NatsBucket;
  struct Handle;
  explicit Watch(std::unique_ptr<Handle> handle);

  std::unique_ptr<Handle> handle_;
  bool has_begun_ = false;
};

}  // namespace zerver::effects::queue
