// Many keys at once: one command, or in a cluster one for each slot.
#pragma once

#include "keys.h"
#include <zerver/core/list.h>
#include <zerver/core/output_buffer.h>
#include <zerver/effects/redis/client.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::effects::kv {

// Used again and again, by one worker.
class ManyRead {
 public:
  class Done {
   public:
    // A JSON object with a member for each key that has a value.
    virtual void on_values(std::string_view object) noexcept = 0;
    virtual void on_fault(const Fault& fault) noexcept = 0;

   protected:
    ~Done() = default;
  };

  explicit ManyRead(Done& done) noexcept : done_(done) {}

  // The keys live until it is done or given up.
  void start(redis::Client& client, const List<String>& keys, Keys& prefix);
  void abandon(redis::Client& client) noexcept;

 private:
  // The keys of one slot.
  struct Part final : redis::Command {
    explicit Part(ManyRead& owner) noexcept : many(owner) {}
    void on_reply(const redis::Reply& reply) noexcept override;
    void on_failure(const Fault& fault) noexcept override;

    ManyRead& many;
    std::vector<std::size_t> positions;
  };

  void end_part() noexcept;
  void fail(const Fault& fault) noexcept;

  Done& done_;
  List<String> keys_;
  std::vector<std::unique_ptr<Part>> parts_;
  std::size_t left_ = 0;
  std::vector<std::optional<std::string>> values_;
  std::optional<FaultKind> failed_;
  std::string why_;
  OutputBuffer object_;
};

}  // namespace zerver::effects::kv
