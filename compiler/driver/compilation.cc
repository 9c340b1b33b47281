// The phases: load and parse, check, emit, write.

#include "compiler/driver/compilation.h"

#include "compiler/check/check.h"
#include "compiler/diagnostics/render.h"
#include "compiler/driver/loader.h"
#include "compiler/driver/lock_file.h"
#include "compiler/driver/output/depfile.h"
#include "compiler/driver/output/writer.h"
#include "compiler/driver/phase_timer.h"
#include "compiler/emit/emit.h"
#include "compiler/model/dump/dump.h"
#include "compiler/model/graph/cfg.h"
#include "compiler/model/graph/slot_map.h"
#include "compiler/model/outcome/outcome.h"
#include "compiler/model/timing/dump_timing.h"
#include "compiler/plan/dump.h"
#include "compiler/sql/server.h"
#include "compiler/syntax/parse.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/SmallString.h>
#include <llvm/ADT/StringMap.h>
#include <llvm/Support/Error.h>
#include <llvm/Support/Path.h>

#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace zc::driver {
namespace {

namespace path = llvm::sys::path;
using diagnostics::DiagnosticEngine;
using diagnostics::Kind;
using diagnostics::Report;

std::string in_folder(llvm::StringRef folder, llvm::StringRef file) {
  llvm::SmallString<256> joined(folder == "." ? llvm::StringRef() : folder);
  path::append(joined, file);
  return joined.str().str();
}

// Where an installed compiler and one in its build tree both have the standard library.
std::string std_dir_beside(llvm::StringRef program_dir) {
  llvm::SmallString<256> folder(program_dir);
  path::append(folder, "..", "share", "zerver", "std");
  path::remove_dots(folder, /*remove_dot_dot=*/true);
  return folder.str().str();
}

class Compilation {
 public:
  Compilation(const Options& options, const Environment& environment, SourceManager& sources)
      : options_(options), environment_(environment), sources_(sources), engine_(sources, options.warnings) {}

  ExitStatus run() {
    load();
    run_phases();
    timer_.begin("report");
    Report report = engine_.finish();
    if (report.error_count == 0) write(report);
    timer_.begin("report");
    render(report, sources_, options_, environment_);
    timer_.end();
    if (options_.time_phases) print_times();
    if (environment_failed_) return ExitStatus::kEnvironment;
    return report.error_count == 0 ? ExitStatus::kClean : ExitStatus::kErrors;
  }

  CheckResult check() {
    load();
    if (!environment_failed_ && connect()) {
      const model::Program program = check_program();
      if (!environment_failed_) compare_lock(program);
    }
    return {engine_.finish(), environment_failed_};
  }

 private:
  void load() {
    const SearchPath search_path{options_.import_dirs, options_.std_dir.empty()
                                                           ? std_dir_beside(environment_.program_dir)
                                                           : options_.std_dir};
    LoadResult loaded = driver::load(options_.inputs, search_path, options_.jobs, sources_, engine_, timer_);
    environment_failed_ = loaded.environment_failed;
    files_ = std::move(loaded.files);
  }

  void run_phases() {
    if (options_.dump == Dump::kTokens || options_.dump == Dump::kAst) return dump_syntax();
    if (environment_failed_) return;  // what follows from a missing file is noise
    // Later stages read the tree alone, and the tokens of a large file are several times its size.
    for (check::LoadedFile& file : files_)
      file.tree.tokens = syntax::TokenList();
    if (!connect()) return;
    timer_.begin("check");
    const model::Program program = check_program();
    if (environment_failed_) return;
    if (options_.dump != Dump::kNone) return dump(program);
    compare_lock(program);
    if (options_.check_only || engine_.has_errors()) return;
    timer_.begin("emit");
    emit(program);
  }

  void compare_lock(const model::Program& program) {
    if (options_.lock.empty() || engine_.has_errors()) return;
    timer_.begin("lock");
    LockResult result = check_lock(options_, program, sources_, engine_);
    environment_failed_ = environment_failed_ || result.environment_failed;
    lock_update_ = std::move(result.update);
  }

  // To the server that `--sql-check` names, when it does.
  bool connect() {
    if (options_.sql_check.empty()) return true;
    timer_.begin("connect");
    llvm::Expected<std::unique_ptr<sql::Server>> server = sql::connect(options_.sql_check);
    if (server) {
      server_ = std::move(*server);
    } else {
      report_unreachable(llvm::toString(server.takeError()));
    }
    return !environment_failed_;
  }

  void report_unreachable(llvm::StringRef why) {
    environment_failed_ = true;
    engine_.report(Kind::kUnreachableDatabase, {}, sql::without_password(options_.sql_check), why);
  }

  model::Program check_program() {
    const auto observe = [this](llvm::StringLiteral phase) { timer_.begin(phase); };
    // The parts are short and many: only who asks for them pays for the clock.
    model::Program program = options_.time_phases ? check::check(files_, engine_, server_.get(), observe)
                                                  : check::check(files_, engine_, server_.get());
    if (server_ != nullptr && !server_->failure().empty()) report_unreachable(server_->failure());
    return program;
  }

  void dump_syntax() {
    for (const check::LoadedFile& file : files_) {
      if (!file.is_root) continue;
      if (options_.dump == Dump::kTokens) {
        syntax::dump_tokens(file.tree, sources_, environment_.out);
      } else {
        syntax::dump_ast(file.tree, sources_, environment_.out);
      }
    }
  }

  // The graph and the plan are those of a program without errors.
  void dump(const model::Program& program) {
    timer_.begin("dump");
    if (options_.dump == Dump::kModel) return model::dump_model(program, environment_.out);
    if (engine_.has_errors()) return;
    if (options_.dump == Dump::kSlots) return model::dump_slots(program, environment_.out);
    if (options_.dump == Dump::kCfg) return model::dump_cfg(program, environment_.out);
    if (options_.dump == Dump::kTiming) return model::dump_timing(program, environment_.out);
    if (options_.dump == Dump::kErrors) return model::dump_outcomes(program, environment_.out);
    plan::dump_plan(program, environment_.out);
  }

  void emit(const model::Program& program) {
    if (options_.products == emit::Products()) return;
    if (!check_collisions()) return;
    llvm::Expected<emit::Templates> templates =
        options_.templates_dir.empty()
            ? llvm::Expected<emit::Templates>(emit::Templates::built_in())
            : emit::Templates::load(sources_.file_system(), options_.templates_dir);
    if (!templates) return fail(Kind::kInvalidTemplate, templates.takeError());
    llvm::Expected<std::vector<emit::OutputFile>> files =
        emit::emit(program, options_.products, *templates, engine_);
    if (!files) return fail(Kind::kInvalidTemplate, files.takeError());
    for (emit::OutputFile& file : *files) {
      outputs_.push_back({in_folder(options_.out_dir, file.path), std::move(file.text)});
    }
  }

  // Two root files may not share the stem of what is generated for them.
  bool check_collisions() {
    llvm::StringMap<llvm::StringRef> stems;
    bool is_clean = true;
    for (const check::LoadedFile& file : files_) {
      if (!file.is_root) continue;
      const auto [first, is_new] = stems.try_emplace(file.output_path, file.path);
      if (is_new) continue;
      is_clean = false;
      environment_failed_ = true;
      engine_
          .report(Kind::kOutputCollision, {}, first->second, file.path,
                  in_folder(options_.out_dir, file.output_path + ".flow.h"))
          .help("`-I DIR` with a folder above both keeps their paths apart");
    }
    return is_clean;
  }

  void fail(Kind kind, llvm::Error error) {
    environment_failed_ = true;
    engine_.report(kind, {}, llvm::toString(std::move(error)));
  }

  // Writes the outputs and the depfile; a failure is added to `report`.
  void write(Report& report) {
    if (options_.check_only || options_.dump != Dump::kNone || environment_failed_) return;
    timer_.begin("write");
    if (!options_.depfile.empty()) outputs_.push_back({options_.depfile, depfile()});
    if (lock_update_) outputs_.push_back(lock_update_->output);
    llvm::Expected<WriteSummary> summary = write_outputs(outputs_);
    DiagnosticEngine engine(sources_);
    if (!summary) {
      environment_failed_ = true;
      engine.report(Kind::kUnwritableFile, {}, llvm::toString(summary.takeError()));
    } else if (lock_update_) {
      report_update(*lock_update_, engine);
    }
    Report outcome = engine.finish();
    report.error_count += outcome.error_count;
    llvm::move(outcome.diagnostics, std::back_inserter(report.diagnostics));
  }

  std::string depfile() const {
    std::vector<std::string> targets;
    if (const llvm::StringRef stamp = stamp_of(options_.depfile); !stamp.empty()) {
      targets.push_back(stamp.str());
    } else {
      for (const Output& output : outputs_)
        targets.push_back(output.path);
    }
    std::vector<std::string> inputs;
    for (const check::LoadedFile& file : files_) {
      if (file.path != kStandardInputName) inputs.push_back(file.path);
      if (!file.schema_path.empty()) inputs.push_back(file.schema_path);
    }
    if (!options_.lock.empty()) inputs.push_back(options_.lock);
    if (!options_.templates_dir.empty()) append_templates(inputs);
    return make_rule(targets, inputs);
  }

  void append_templates(std::vector<std::string>& inputs) const {
    std::error_code code;
    std::vector<std::string> templates;
    for (llvm::vfs::recursive_directory_iterator entry(sources_.file_system(), options_.templates_dir, code),
         end;
         !code && entry != end; entry.increment(code)) {
      if (entry->type() == llvm::sys::fs::file_type::regular_file) templates.push_back(entry->path().str());
    }
    llvm::sort(templates);
    inputs.insert(inputs.end(), templates.begin(), templates.end());
  }

  void print_times() const {
    std::uint64_t lines = 0;
    std::uint64_t bytes = 0;
    for (const check::LoadedFile& file : files_) {
      lines += sources_.line_count(file.tree.file);
      bytes += sources_.text(file.tree.file).size();
    }
    timer_.print(lines, bytes, environment_.err);
  }

  const Options& options_;
  const Environment& environment_;
  SourceManager& sources_;
  DiagnosticEngine engine_;
  PhaseTimer timer_;
  std::vector<check::LoadedFile> files_;
  std::unique_ptr<sql::Server> server_;  // of `--sql-check`
  std::vector<Output> outputs_;
  std::optional<LockUpdate> lock_update_;
  bool environment_failed_ = false;
};

}  // namespace

ExitStatus compile(const Options& options, const Environment& environment) {
  SourceManager sources(environment.file_system);
  return Compilation(options, environment, sources).run();
}

CheckResult check(const Options& options, const Environment& environment, SourceManager& sources) {
  return Compilation(options, environment, sources).check();
}

void render(const Report& report, const SourceManager& sources, const Options& options,
            const Environment& environment) {
  // In one piece: standard error has no buffer, and programs that run side by side share it.
  std::string text;
  llvm::raw_string_ostream out(text);
  switch (options.format) {
    case diagnostics::Format::kText: {
      diagnostics::TextOptions text_options;
      text_options.color =
          options.color == Color::kAlways || (options.color == Color::kAuto && environment.wants_color);
      diagnostics::render_text(report, sources, text_options, out);
      break;
    }
    case diagnostics::Format::kJson:
      diagnostics::render_json(report, sources, out);
      break;
    case diagnostics::Format::kSarif:
      diagnostics::render_sarif(report, sources, ZERVER_VERSION, out);
      break;
  }
  environment.err << text;
}

}  // namespace zc::driver
