// An operation without a flow around it, and a folder for the databases of a test.
#pragma once

#include <zerver/core/arena.h>
#include <zerver/flow/call/operation.h>
#include <zerver/flow/worker.h>

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <unistd.h>
#include <vector>

namespace zerver::effects {

// Keeps what it is answered. `Reply` is what the operation declares.
template <class Reply> class Probe final : public flow::Operation {
 public:
  template <class Arguments>
  Probe(flow::Worker& worker, flow::Adapter& adapter, std::uint16_t index, const Arguments& arguments)
      : Operation(index, &arguments, "probe", arena_, worker) {
    begin_attempt(1, TimePoint::never());
    adapter.start(*this);
  }

  bool done() const noexcept { return reply.has_value() || fault.has_value(); }

  std::optional<Reply> reply;
  std::optional<FaultKind> fault;
  std::string why;

 private:
  void on_complete(const void* answer) noexcept override { reply = *static_cast<const Reply*>(answer); }
  void on_fail(const Fault& answer) noexcept override {
    fault = answer.kind;
    why = answer.why;
  }

  Arena arena_;
};

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "zerver_sqlite_XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string file(const char* name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace zerver::effects
