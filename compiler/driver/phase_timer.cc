// Measures with the steady clock and getrusage.

#include "compiler/driver/phase_timer.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/Support/Format.h>

#include <sys/resource.h>

namespace zc::driver {
namespace {

std::chrono::nanoseconds duration_of(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

double milliseconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

void print_row(llvm::StringRef name, std::chrono::nanoseconds wall, std::chrono::nanoseconds processor,
               double share, llvm::raw_ostream& out) {
  out << llvm::left_justify(name, 8)
      << llvm::format("%10.2f ms %10.2f ms %5.1f %%\n", milliseconds(wall), milliseconds(processor),
                      share * 100);
}

}  // namespace

PhaseTimer::Times PhaseTimer::now() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return {std::chrono::steady_clock::now().time_since_epoch(),
          duration_of(usage.ru_utime) + duration_of(usage.ru_stime)};
}

void PhaseTimer::begin(llvm::StringLiteral name) {
  end();
  const auto known = llvm::find_if(phases_, [&](const Phase& phase) { return phase.name == name; });
  current_ = known != phases_.end() ? &*known : &phases_.emplace_back(Phase{name, {}});
  begun_ = now();
}

void PhaseTimer::end() {
  if (current_ == nullptr) return;
  const Times ended = now();
  current_->spent.wall += ended.wall - begun_.wall;
  current_->spent.processor += ended.processor - begun_.processor;
  current_ = nullptr;
}

void PhaseTimer::print(std::uint64_t lines, std::uint64_t bytes, llvm::raw_ostream& out) const {
  Duration wall{};
  Duration processor{};
  for (const Phase& phase : phases_) {
    wall += phase.spent.wall;
    processor += phase.spent.processor;
  }
  const double total = wall.count() == 0 ? 1.0 : static_cast<double>(wall.count());
  out << "phase            wall     processor   share\n";
  for (const Phase& phase : phases_) {
    print_row(phase.name, phase.spent.wall, phase.spent.processor,
              static_cast<double>(phase.spent.wall.count()) / total, out);
  }
  print_row("total", wall, processor, 1.0, out);

  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const double seconds = total / 1e9;
  const double peak = static_cast<double>(usage.ru_maxrss) * 1024;
  out << llvm::format("input    %llu lines, %.1f KiB; %.0f lines/s\n", static_cast<unsigned long long>(lines),
                      static_cast<double>(bytes) / 1024, static_cast<double>(lines) / seconds)
      << llvm::format("memory   %.1f MiB at the peak, %.1f times the input\n", peak / (1024 * 1024),
                      bytes == 0 ? 0.0 : peak / static_cast<double>(bytes));
}

}  // namespace zc::driver
