// Follows imports, one generation after the other.

#include "compiler/driver/loader.h"

#include "compiler/driver/command_line/options.h"
#include "compiler/syntax/parse.h"

#include <llvm/ADT/SmallString.h>
#include <llvm/ADT/Twine.h>
#include <llvm/Support/Casting.h>
#include <llvm/Support/Error.h>
#include <llvm/Support/FileSystem.h>
#include <llvm/Support/Path.h>
#include <llvm/Support/ThreadPool.h>
#include <llvm/Support/Threading.h>
#include <llvm/Support/VirtualFileSystem.h>

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <utility>

namespace zc::driver {
namespace {

namespace path = llvm::sys::path;
using diagnostics::DiagnosticEngine;
using diagnostics::Kind;

constexpr llvm::StringLiteral kPrelude = "zerver.flow";

// An import's file relative to a folder of the search path: "a/b.flow".
std::string file_of(const syntax::QualifiedName& name) {
  std::string file;
  for (const syntax::Name& segment : name.segments) {
    if (!file.empty()) file += '/';
    file += segment.text;
  }
  return file + ".flow";
}

std::string join(llvm::StringRef folder, llvm::StringRef file) {
  llvm::SmallString<256> joined(folder == "." ? llvm::StringRef() : folder);
  path::append(joined, file);
  return joined.str().str();
}

// Absolute and without `.` and `..`.
llvm::SmallString<256> normal(llvm::StringRef name) {
  llvm::SmallString<256> absolute(name);
  // Fails only where the working folder is gone; the name as written is as good as any then.
  if (llvm::sys::fs::make_absolute(absolute)) absolute = name;
  path::remove_dots(absolute, /*remove_dot_dot=*/true);
  return absolute;
}

class Loader {
 public:
  Loader(const SearchPath& search_path, unsigned jobs, SourceManager& sources, DiagnosticEngine& engine,
         PhaseTimer& timer)
      : search_path_(search_path),
        folders_(search_path.import_dirs),
        jobs_(jobs),
        sources_(sources),
        engine_(engine),
        timer_(timer) {
    folders_.push_back(search_path.std_dir);
  }

  LoadResult load(llvm::ArrayRef<std::string> inputs) {
    timer_.begin("load");
    load_prelude();
    for (const std::string& input : inputs)
      load_root(input);
    std::size_t first = 0;
    while (first != result_.files.size()) {
      const std::size_t end = result_.files.size();
      parse(first, end);
      timer_.begin("load");
      for (; first != end; ++first) {
        follow_imports(first);
        load_schema(first);
      }
    }
    timer_.end();
    return std::move(result_);
  }

 private:
  void load_prelude() {
    const std::string prelude = join(search_path_.std_dir, kPrelude);
    if (!sources_.file_system().exists(prelude)) {
      result_.environment_failed = true;
      engine_.report(Kind::kMissingStandardLibrary, {}, search_path_.std_dir)
          .help("`--std-dir DIR` names the folder that holds `zerver.flow`");
      return;
    }
    if (const auto index = load_file(prelude, {})) result_.files[*index].is_prelude = true;
  }

  void load_root(llvm::StringRef input) {
    const std::optional<std::size_t> index =
        input == kStandardInput ? load_standard_input() : load_file(input, {});
    if (index) result_.files[*index].is_root = true;
  }

  std::optional<std::size_t> load_standard_input() {
    llvm::Expected<FileId> file = sources_.load_standard_input(kStandardInputName);
    if (!file) {
      report_unreadable(file.takeError(), {});
      return std::nullopt;
    }
    return add(*file, kStandardInputName, "stdin");
  }

  // The index of the file at `name`, which is loaded when it is new; none, and reported, when it cannot be
  // read.
  std::optional<std::size_t> load_file(llvm::StringRef name, Span import) {
    const llvm::ErrorOr<llvm::vfs::Status> status = sources_.file_system().status(name);
    if (status) {
      const auto known = by_identity_.find(status->getUniqueID());
      if (known != by_identity_.end()) return known->second;
    }
    llvm::Expected<FileId> file = sources_.load(name);
    if (!file) {
      report_unreadable(file.takeError(), import);
      return std::nullopt;
    }
    const std::size_t index = add(*file, name, output_path(name, folders_));
    if (status) by_identity_.emplace(status->getUniqueID(), index);
    return index;
  }

  std::size_t add(FileId file, llvm::StringRef name, std::string stem) {
    check::LoadedFile& loaded = result_.files.emplace_back();
    loaded.path = name.str();
    loaded.output_path = std::move(stem);
    loaded.tree.file = file;
    return result_.files.size() - 1;
  }

  void report_unreadable(llvm::Error error, Span import) {
    result_.environment_failed = true;
    engine_.report(Kind::kUnreadableFile, import, llvm::toString(std::move(error)));
  }

  void parse(std::size_t first, std::size_t end) {
    // An engine is not synchronised: each file has its own, and they are joined in the order of the files.
    std::deque<DiagnosticEngine> engines;
    for (std::size_t i = first; i != end; ++i)
      engines.emplace_back(sources_, engine_.options());
    timer_.begin("lex");
    for_each_in_parallel(first, end, [&](std::size_t i) {
      syntax::SyntaxTree& tree = result_.files[i].tree;
      tree.tokens = syntax::lex(sources_, tree.file, engines[i - first]);
    });
    timer_.begin("parse");
    for_each_in_parallel(first, end, [&](std::size_t i) {
      syntax::SyntaxTree& tree = result_.files[i].tree;
      tree = syntax::parse(sources_, tree.file, std::move(tree.tokens), engines[i - first]);
    });
    for (DiagnosticEngine& engine : engines)
      engine_.absorb(std::move(engine));
  }

  template <typename Work>
  void for_each_in_parallel(std::size_t first, std::size_t end, const Work& work) const {
    if (jobs_ == 1 || end - first == 1) {
      for (std::size_t i = first; i != end; ++i)
        work(i);
      return;
    }
    llvm::DefaultThreadPool pool(llvm::hardware_concurrency(jobs_));
    for (std::size_t i = first; i != end; ++i)
      pool.async(work, i);
    pool.wait();
  }

  void follow_imports(std::size_t importer) {
    std::vector<std::optional<std::size_t>> imports;
    for (const syntax::Declaration* declaration : result_.files[importer].tree.declarations) {
      if (const auto* import = llvm::dyn_cast<syntax::ImportDeclaration>(declaration)) {
        imports.push_back(import->path.is_missing() ? std::nullopt : find_import(importer, import->path));
      }
    }
    result_.files[importer].imports = std::move(imports);
  }

  // The SQL that the file names with `schema`, relative to itself.
  void load_schema(std::size_t index) {
    for (const syntax::Declaration* declaration : result_.files[index].tree.declarations) {
      const auto* schema = llvm::dyn_cast<syntax::SchemaDeclaration>(declaration);
      if (schema == nullptr || schema->file == nullptr || schema->file->has_interpolation()) continue;
      check::LoadedFile& file = result_.files[index];
      const std::string name = join(path::parent_path(file.path), schema->file->plain_text());
      llvm::Expected<FileId> text = sources_.load(name);
      if (!text) {
        engine_.report(Kind::kUnreadableFile, schema->file->span, llvm::toString(text.takeError()));
        continue;
      }
      file.schema_path = name;
      file.schema = sources_.text(*text);
      file.schema_file = *text;
    }
  }

  std::optional<std::size_t> find_import(std::size_t importer, const syntax::QualifiedName& name) {
    const std::string file = file_of(name);
    for (const std::string& folder : folders_) {
      const std::string candidate = join(folder, file);
      if (sources_.file_system().exists(candidate)) return load_file(candidate, name.span);
    }
    report_missing(importer, name, file);
    return std::nullopt;
  }

  void report_missing(std::size_t importer, const syntax::QualifiedName& name, llvm::StringRef file) {
    diagnostics::Diagnostic& diagnostic = engine_.report(Kind::kUnknownImport, name.span, file);
    for (const std::string& folder : search_path_.import_dirs)
      diagnostic.note("looked in `" + folder + "`");
    diagnostic.note("looked in the standard library");
    const llvm::StringRef own_folder = path::parent_path(result_.files[importer].path);
    if (sources_.file_system().exists(join(own_folder, file))) {
      diagnostic.help("the file is beside this one: add `-I " + (own_folder.empty() ? "." : own_folder) +
                      "`");
    }
  }

  const SearchPath& search_path_;
  std::vector<std::string> folders_;  // all of the search path, in order
  const unsigned jobs_;
  SourceManager& sources_;
  DiagnosticEngine& engine_;
  PhaseTimer& timer_;
  std::map<llvm::sys::fs::UniqueID, std::size_t> by_identity_;
  LoadResult result_;
};

}  // namespace

LoadResult load(llvm::ArrayRef<std::string> inputs, const SearchPath& search_path, unsigned jobs,
                SourceManager& sources, DiagnosticEngine& diagnostics, PhaseTimer& timer) {
  return Loader(search_path, jobs, sources, diagnostics, timer).load(inputs);
}

std::string output_path(llvm::StringRef name, llvm::ArrayRef<std::string> import_dirs) {
  const llvm::SmallString<256> absolute = normal(name);
  llvm::StringRef relative = path::filename(absolute);
  for (const std::string& folder : import_dirs) {
    llvm::StringRef rest = absolute;
    const llvm::SmallString<256> prefix = normal(folder);
    if (!rest.consume_front(prefix)) continue;
    if (rest.consume_front("/") || prefix.ends_with("/")) {
      relative = rest;
      break;
    }
  }
  relative.consume_back(".flow");
  return relative.str();
}

}  // namespace zc::driver
