// Feeds files to the whole compiler, from text to generated code: whatever they are, it ends, and what it
// accepts has an output. Mutates by structure: most inputs pass the parser and reach the analyses.
//
// With ZERVER_FUZZ_ACCEPTED=DIR every hundredth input without errors is kept there;
// tests/fuzz/compile_accepted.py proves that what is generated for them is C++.

#include "tests/fuzz/compile_run.h"
#include "tests/fuzz/tree_mutator.h"

#include <llvm/ADT/Twine.h>
#include <llvm/Support/raw_ostream.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <system_error>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace {

constexpr std::size_t kMaxInput = 1U << 14U;

void keep(llvm::StringRef text) {
  static const char* const folder = std::getenv("ZERVER_FUZZ_ACCEPTED");
  static std::size_t count = 0;
  if (folder == nullptr || count++ % 100 != 0) return;
  std::error_code code;
  llvm::raw_fd_ostream out((llvm::Twine(folder) + "/accepted" + llvm::Twine(count) + ".flow").str(), code);
  if (code) std::abort();
  out << text;
}

std::size_t store(const std::string& text, std::uint8_t* data, std::size_t max_size) {
  const std::size_t size = std::min(text.size(), max_size);
  std::copy_n(text.begin(), size, data);
  return size;
}

llvm::StringRef text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > kMaxInput) return -1;
  const llvm::StringRef text = text_of(data, size);
  const zc::fuzz::CompileRun run(text);
  if (run.is_accepted()) keep(text);
  const std::string fixed = run.fixed(text);
  if (fixed != text) const zc::fuzz::CompileRun again(fixed);
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  std::mt19937 random(seed);
  if (random() % 16 == 0) return LLVMFuzzerMutate(data, size, max_size);
  std::string text = text_of(data, size).str();
  for (auto changes = 1 + random() % 4; changes != 0; --changes)
    text = zc::fuzz::mutate(text, random);
  return store(text, data, max_size);
}

extern "C" std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* data, std::size_t size,
                                                 const std::uint8_t* other, std::size_t other_size,
                                                 std::uint8_t* out, std::size_t max_size, unsigned seed) {
  std::mt19937 random(seed);
  return store(zc::fuzz::cross_over(text_of(data, size), text_of(other, other_size), random), out, max_size);
}
