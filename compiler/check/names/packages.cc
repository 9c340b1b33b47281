// Orders packages by their imports, and finds the cycles while doing it.

#include "compiler/check/names/packages.h"

#include <algorithm>
#include <map>
#include <utility>

namespace zc::check {

namespace {

class PackageCollector {
 public:
  explicit PackageCollector(Context& context)
      : context_(context), state_(context.files.size()), imports_(state_.size()) {}

  void collect() {
    for (std::size_t i = 0; i < context_.files.size(); ++i)
      collect_imports(i);
    for (std::size_t i = 0; i < context_.files.size(); ++i) {
      if (context_.files[i].is_prelude) order_from(i);
    }
    for (std::size_t i = 0; i < context_.files.size(); ++i)
      order_from(i);
    package_of_.resize(context_.files.size());
    for (const std::size_t file : order_)
      package_of_[file] = add_package(file);
    for (const std::size_t file : order_)
      add_imports(file);
  }

 private:
  enum class State : std::uint8_t { kNew, kOpen, kDone };
  struct Import {
    const syntax::ImportDeclaration* declaration = nullptr;
    std::optional<std::size_t> file;
  };

  void collect_imports(std::size_t file) {
    const LoadedFile& loaded = context_.files[file];
    std::size_t next = 0;
    for (const syntax::Declaration* declaration : loaded.tree.declarations) {
      const auto* import = llvm::dyn_cast<syntax::ImportDeclaration>(declaration);
      if (import == nullptr) continue;
      const std::optional<std::size_t> target =
          next < loaded.imports.size() ? loaded.imports[next] : std::nullopt;
      ++next;
      imports_[file].push_back({import, target});
    }
  }

  // Depth first without recursion: imports may nest as deep as they like.
  void order_from(std::size_t start) {
    if (state_[start] != State::kNew) return;
    std::vector<std::pair<std::size_t, std::size_t>> stack{{start, 0}};
    state_[start] = State::kOpen;
    while (!stack.empty()) {
      auto& [file, next] = stack.back();
      if (next == imports_[file].size()) {
        state_[file] = State::kDone;
        order_.push_back(file);
        stack.pop_back();
        continue;
      }
      Import& import = imports_[file][next++];
      if (!import.file) continue;
      if (state_[*import.file] == State::kNew) {
        state_[*import.file] = State::kOpen;
        stack.emplace_back(*import.file, 0);
      } else if (state_[*import.file] == State::kOpen) {
        report_cycle(stack, *import.file, *import.declaration);
        import.file.reset();
      }
    }
  }

  void report_cycle(const std::vector<std::pair<std::size_t, std::size_t>>& stack, std::size_t target,
                    const syntax::ImportDeclaration& last) {
    const auto first =
        std::find_if(stack.begin(), stack.end(), [&](const auto& entry) { return entry.first == target; });
    std::string cycle;
    for (auto entry = first; entry != stack.end(); ++entry)
      cycle += "`" + context_.files[entry->first].path + "` -> ";
    cycle += "`" + context_.files[target].path + "`";
    auto& diagnostic = context_.engine.report(Kind::kImportCycle, last.path.span, cycle);
    for (auto entry = first; entry + 1 < stack.end(); ++entry) {
      diagnostic.secondary(imports_[entry->first][entry->second - 1].declaration->path.span,
                           "which is imported here");
    }
    diagnostic.help("move what both need into a file of its own");
  }

  model::PackageId add_package(std::size_t file) {
    const LoadedFile& loaded = context_.files[file];
    model::Package package;
    package.file = loaded.tree.file;
    package.path = loaded.path;
    package.output_path = loaded.output_path;
    package.is_root = loaded.is_root;
    package.is_prelude = loaded.is_prelude;
    package.schema = loaded.schema.str();
    package.schema_file = loaded.schema_file;
    const syntax::PackageDeclaration* declared = nullptr;
    for (const syntax::Declaration* declaration : loaded.tree.declarations) {
      if (const auto* found = llvm::dyn_cast<syntax::PackageDeclaration>(declaration)) {
        if (declared == nullptr) declared = found;
      } else if (const auto* schema = llvm::dyn_cast<syntax::SchemaDeclaration>(declaration)) {
        if (schema->file == nullptr) continue;
        package.schema_path = schema->file->plain_text().str();
        package.schema_span = schema->file->span;
      }
    }
    if (declared != nullptr) {
      package.name = dotted(declared->path);
      package.doc = doc_text(declared->doc);
    }
    if (declared == nullptr && !loaded.tree.has_errors) {
      context_.engine.report(Kind::kMissingPackage, Span{loaded.tree.file, 0, 0}, loaded.path)
          .help("begin the file with `package name;`");
    }
    if (!package.name.empty()) {
      const auto [known, is_new] = by_name_.try_emplace(package.name, declared->path.span);
      if (!is_new) {
        context_.engine.report(Kind::kDuplicateName, declared->path.span, "package", package.name)
            .secondary(known->second, "first declared here");
      }
    }
    const model::PackageId id = context_.program.packages.push_back(std::move(package));
    context_.names.add_package();
    context_.file_of_package.push_back(file);
    if (loaded.is_prelude) context_.prelude = id;
    return id;
  }

  void add_imports(std::size_t file) {
    const model::PackageId package = package_of_[file];
    std::map<llvm::StringRef, Span> aliases;
    for (const Import& import : imports_[file]) {
      if (import.declaration->path.is_missing()) continue;
      const bool is_renamed = !import.declaration->alias.is_missing();
      const syntax::Name alias = is_renamed ? import.declaration->alias : import.declaration->path.last();
      const auto [known, is_new] = aliases.try_emplace(alias.text, alias.span);
      if (!is_new) {
        context_.engine.report(Kind::kShadowedImport, alias.span, alias.text)
            .secondary(known->second, "first imported here")
            .help("give one of them another name: `import " + dotted(import.declaration->path) +
                  " as other;`");
        continue;
      }
      model::Import result;
      result.alias = alias.text.str();
      result.span = import.declaration->path.span;
      if (import.file) {
        result.package = package_of_[*import.file];
      } else {
        context_.is_incomplete = true;
      }
      std::vector<model::Import>& imports = context_.program.packages[package].imports;
      context_.names.add_import(package, alias.text, imports.size());
      imports.push_back(std::move(result));
    }
  }

  Context& context_;
  std::vector<State> state_;
  std::vector<std::vector<Import>> imports_;
  std::vector<std::size_t> order_;
  std::vector<model::PackageId> package_of_;
  std::map<std::string, Span> by_name_;
};

}  // namespace

void collect_packages(Context& context) { PackageCollector(context).collect(); }

}  // namespace zc::check
