// Addresses of host names, with a cache.
#pragma once

#include <zerver/async/loop.h>
#include <zerver/async/task.h>
#include <zerver/core/result.h>
#include <zerver/core/time.h>
#include <zerver/io/net/address.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace zerver::io::net {

// What is known about a name, and for how long.
struct NameAnswer {
  enum class Kind : std::uint8_t { kFound, kNoSuchName, kFailed };

  Kind kind = Kind::kFailed;
  Addresses addresses;  // the best first
  Duration life;        // of an answer that was found
};

// Who is asked for a name that is not in the cache. Of one loop.
class NameSource {
 public:
  class Answered {
   public:
    virtual void answer(NameAnswer&& answer) noexcept = 0;

   protected:
    ~Answered() = default;
  };

  virtual ~NameSource() = default;
  // Calls `answered` exactly once, later or before it returns, unless it goes itself.
  virtual void ask(std::string_view name, Answered& answered) = 0;
};

struct ResolverOptions {
  std::size_t names = 1024;                            // in the cache; the one used longest ago makes room
  Duration least_life = Duration::from_seconds(1);     // an answer is believed for so long at least,
  Duration most_life = Duration::from_seconds(300);    // and at most
  Duration negative_life = Duration::from_seconds(5);  // of "no such name"
  // So long after its life an answer is still used, when no new one comes or it takes longer than that
  // (RFC 8767).
  Duration stale_life = Duration::from_seconds(3600);
  Duration stale_after = Duration::from_milliseconds(200);
};

struct ResolverStats {
  std::uint64_t hits = 0;
  std::uint64_t asked = 0;
  std::uint64_t stale = 0;  // old answers that were used
  std::uint64_t failed = 0;
  std::size_t names = 0;  // in the cache now
};

// Of one loop. Nobody waits when it goes.
class Resolver {
 public:
  Resolver(async::Loop& loop, std::unique_ptr<NameSource> source, const ResolverOptions& options = {});
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // At least one address, both families in turn, the best first. An address is its own answer. Any number may
  // ask for a name at once: it is asked for once. `unavailable` when there is no such name or nobody answers.
  async::Task<Result<Addresses>> resolve(std::string_view host);
  ResolverStats stats() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace zerver::io::net
