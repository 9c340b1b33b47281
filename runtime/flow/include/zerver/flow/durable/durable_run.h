// One attempt of a durable job: which of its effects the journal has, and what is written down about others.
#pragma once

#include <zerver/async/loop.h>
#include <zerver/core/clock.h>
#include <zerver/core/uuid.h>
#include <zerver/flow/durable/job_journal.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace zerver::flow {

// A place of a durable job where an effect is performed, as the compiler numbers them: from 0, in the order
// of the text.
struct DurableSite {
  std::string_view name;      // of the step; `#2` behind it when the step stands there a second time
  std::string_view was = {};  // the same with the step's former name; empty: it has none
  std::uint8_t loops = 0;     // that are around it
};

// A site, and which runs of the loops around it: outermost first, from 0.
struct DurablePlace {
  static constexpr std::size_t kMostLoops = 8;

  template <class... Index>
  explicit constexpr DurablePlace(std::uint32_t the_site, Index... index) noexcept
      : site(the_site), loops(sizeof...(index)), runs{static_cast<std::uint32_t>(index)...} {
    static_assert(sizeof...(index) <= kMostLoops);
  }

  std::uint32_t site;
  std::uint8_t loops;
  std::array<std::uint32_t, kMostLoops> runs;

  // Whether it stands in the runs of loops in which `outer` stands.
  constexpr bool is_inside(const DurablePlace& outer) const noexcept {
    if (loops < outer.loops) return false;
    for (std::size_t i = 0; i < outer.loops; ++i)
      if (runs[i] != outer.runs[i]) return false;
    return true;
  }
};

// Of the worker's thread. A success is written down before the flow goes on. A failure is not, until a
// handler takes it: what ends the attempt is tried again by the next one.
class DurableRun {
 public:
  // `sites` is static; the journal and the loop outlive it. `history` is what JournalOpen has answered with.
  DurableRun(JobJournal& journal, async::Loop& loop, const Clock& clock, std::span<const DurableSite> sites,
             std::uint64_t token, JobHistory history);
  ~DurableRun() { journal_->close(history_.id); }
  DurableRun(const DurableRun&) = delete;
  DurableRun& operator=(const DurableRun&) = delete;

  // The continuations of a job, one a line, by which a changed flow is noticed: `charge`, `send#2[]`.
  static std::string shape_of(std::span<const DurableSite> sites);
  // Why the history is none of this program's flow; empty when it is.
  std::string mismatch() const;

  // How it has ended, as JSON; null when the journal does not know. Valid as long as the run.
  const std::string* find(const DurablePlace& place) noexcept;
  // Writes it down. LogSync tells when that is durable.
  void append(const DurablePlace& place, std::string_view data);
  // It has failed: written down when a handler takes the failure.
  void hold(const DurablePlace& place, std::string_view data);
  // A handler takes what has failed at the sites from first.site on, up to `end`, in its runs of the loops
  // around.
  void take_failures(const DurablePlace& first, std::uint32_t end);

  // The job is done.
  void drop() noexcept { note(JournalRecordKind::kDropped); }

  JobJournal& journal() const noexcept { return *journal_; }
  async::Loop& loop() const noexcept { return *loop_; }
  const Uuid& id() const noexcept { return history_.id; }
  std::uint64_t replayed() const noexcept { return replayed_; }
  std::uint64_t written() const noexcept { return written_; }
  // `charge`, `send#2[3]`: what the journal knows the place by.
  std::string continuation(const DurablePlace& place) const;

 private:
  struct Failure {
    DurablePlace place;
    std::string data;
  };

  void note(JournalRecordKind kind, std::string_view name = {}, std::string_view data = {}) noexcept;

  JobJournal* journal_;
  async::Loop* loop_;
  const Clock* clock_;
  std::span<const DurableSite> sites_;
  std::uint64_t token_;
  JobHistory history_;
  std::map<std::string_view, const std::string*, std::less<>> known_;  // into history_
  std::vector<Failure> failures_;                                      // that nothing has taken yet
  std::uint64_t replayed_ = 0;
  std::uint64_t written_ = 0;
};

}  // namespace zerver::flow
