// One text through the whole compiler.

#include "tests/fuzz/compile_run.h"

#include "compiler/check/check.h"
#include "compiler/diagnostics/render.h"
#include "compiler/driver/fix/select_fixes.h"
#include "compiler/driver/loader.h"
#include "compiler/driver/phase_timer.h"
#include "compiler/emit/emit.h"
#include "compiler/model/dump/dump.h"
#include "compiler/model/graph/cfg.h"
#include "compiler/model/graph/slot_map.h"
#include "compiler/plan/dump.h"

#include <llvm/Support/Error.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/VirtualFileSystem.h>
#include <llvm/Support/raw_ostream.h>

#include <cstdlib>
#include <utility>

namespace zc::fuzz {
namespace {

constexpr llvm::StringLiteral kInput = "/in/fuzz.flow";
void demand(bool holds) {
  if (!holds) std::abort();
}

// The standard library from the disk, the input from memory.
llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> files_with(llvm::StringRef text) {
  auto memory = llvm::makeIntrusiveRefCnt<llvm::vfs::InMemoryFileSystem>();
  memory->addFile(kInput, 0, llvm::MemoryBuffer::getMemBufferCopy(text));
  // What an input may name with `schema`.
  static const auto schema = llvm::cantFail(
      llvm::errorOrToExpected(llvm::MemoryBuffer::getFile(ZERVER_SOURCE_DIR "/tests/fuzz/schema.sql")));
  memory->addFile("/in/schema.sql", 0, llvm::MemoryBuffer::getMemBuffer(schema->getMemBufferRef()));
  auto files = llvm::makeIntrusiveRefCnt<llvm::vfs::OverlayFileSystem>(llvm::vfs::getRealFileSystem());
  files->pushOverlay(std::move(memory));
  return files;
}

}  // namespace

CompileRun::CompileRun(llvm::StringRef text) : sources_(files_with(text)), engine_(sources_) {
  driver::PhaseTimer timer;
  const std::string inputs[] = {kInput.str()};
  driver::LoadResult loaded =
      driver::load(inputs, {{}, ZERVER_SOURCE_DIR "/runtime/std"}, 1, sources_, engine_, timer);
  const model::Program program = check::check(loaded.files, engine_);
  llvm::raw_null_ostream nowhere;
  model::dump_model(program, nowhere);
  if (!loaded.environment_failed && !engine_.has_errors()) generate(program);
  report_ = engine_.finish();
  show(text.size());
}

std::string CompileRun::fixed(llvm::StringRef text) const {
  const driver::ChosenFixes chosen =
      driver::choose_fixes(report_, sources_, [&](FileId file) { return sources_.name(file) == kInput; });
  return chosen.texts.empty() ? text.str() : chosen.texts.front().second;
}

void CompileRun::generate(const model::Program& program) {
  llvm::raw_null_ostream nowhere;
  model::dump_cfg(program, nowhere);
  model::dump_slots(program, nowhere);
  plan::dump_plan(program, nowhere);
  static const emit::Templates templates = emit::Templates::built_in();
  emit::Products products;
  products.cpp = products.main = products.dot = products.json = products.svg = true;
  auto files = emit::emit(program, products, templates, engine_);
  demand(static_cast<bool>(files));
  is_accepted_ = !files->empty();
  demand(is_accepted_ || engine_.has_errors());
}

void CompileRun::show(std::size_t size) const {
  llvm::raw_null_ostream nowhere;
  for (const diagnostics::Diagnostic& diagnostic : report_.diagnostics) {
    demand(!diagnostic.message.empty());
    demand(!diagnostic.span.is_valid() || sources_.name(diagnostic.span.file) != kInput ||
           diagnostic.span.end <= size);
  }
  diagnostics::render_text(report_, sources_, {}, nowhere);
  diagnostics::render_json(report_, sources_, nowhere);
  diagnostics::render_sarif(report_, sources_, "0", nowhere);
}

}  // namespace zc::fuzz
