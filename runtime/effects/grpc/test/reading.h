// Tests that ask the service of peer.proto, and read streams as a flow reads them.
#pragma once

#include "peer.h"
#include <zerver/core/list.h>
#include <zerver/flow/stream/source.h>

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace zerver::effects {

// Asks a stream for its parts, one after the other; closes it in the end.
template <class T> class Reading final : private flow::Source::Reader {
 public:
  Reading(testing::AdapterHarness& harness, flow::Source& source) : harness_(harness), source_(&source) {}
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;
  ~Reading() { close(); }

  // The next part; null when there is none.
  const List<T>* next() {
    part_ = nullptr;
    has_come_ = false;
    source_->next(*this);
    EXPECT_TRUE(harness_.run_until([this] { return has_come_; }));
    return part_;
  }
  // All that come, to its end or its failure.
  void read_all(const std::function<void(const T&)>& take) {
    while (const List<T>* const part = next()) {
      EXPECT_FALSE(part->empty());
      for (const T& item : *part)
        take(item);
    }
  }
  void close() {
    if (source_ != nullptr) std::exchange(source_, nullptr)->close();
  }
  const std::optional<FaultKind>& fault() const { return fault_; }
  const std::string& why() const { return why_; }
  std::uint16_t status() const { return status_; }

 private:
  void on_part(const void* part) noexcept override {
    part_ = static_cast<const List<T>*>(part);
    has_come_ = true;
  }
  void on_end() noexcept override { has_come_ = true; }
  void on_failure(const Fault& fault) noexcept override {
    fault_ = fault.kind;
    why_ = fault.why.view();
    status_ = fault.status;
    has_come_ = true;
  }

  testing::AdapterHarness& harness_;
  flow::Source* source_;
  const List<T>* part_ = nullptr;
  bool has_come_ = false;
  std::optional<FaultKind> fault_;
  std::string why_;
  std::uint16_t status_ = 0;
};

class GrpcPeerTest : public ::testing::Test {
 protected:
  explicit GrpcPeerTest(Arguments arguments = {})
      : harness_(open_peer(PeerServer::shared().url(), std::move(arguments))) {}

  template <class Arguments> flow::Source* open(const Arguments& arguments) {
    const auto opened = harness_->perform(arguments);
    EXPECT_TRUE(opened->ok()) << opened->why();
    return opened->ok() ? opened->value() : nullptr;
  }
  // What a counter of the server says, once that is more than `least`.
  template <class Arguments> std::int32_t ask_until_above(std::int32_t least) {
    for (int asked = 0; asked < 10'000; ++asked) {
      const auto count = harness_->perform(Arguments{});
      EXPECT_TRUE(count->ok()) << count->why();
      if (!count->ok() || count->value().n > least) return count->value().n;
    }
    ADD_FAILURE() << "it stays at " << least;
    return least;
  }
  std::int32_t given_up() { return ask_until_above<PeerAdapter::GivenUpArguments>(-1); }

  std::unique_ptr<testing::AdapterHarness> harness_;
};

}  // namespace zerver::effects
