#include "compiler/emit/templates.h"

#include "compiler/diagnostics/did_you_mean.h"
#include "compiler/emit/built_in_templates.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/SmallString.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/Support/Path.h>

#include <system_error>
#include <utility>
#include <vector>

namespace zc::emit {
namespace {

constexpr llvm::StringLiteral kExtension = ".mustache";

// kainjow leaves an empty line behind for each section that is not shown; those that a template means are
// marked.
std::string mark_empty_lines(llvm::StringRef text) {
  std::string result;
  while (!text.empty()) {
    const auto [line, rest] = text.split('\n');
    result += line.trim().empty() ? llvm::StringRef("\f") : line;
    result.push_back('\n');
    text = rest;
  }
  return result;
}

llvm::Error environment_error(const llvm::Twine& text) {
  return llvm::createStringError(std::make_error_code(std::errc::invalid_argument), text);
}

// Looks keys up like kainjow's own context, and remembers the first one that is not there.
class StrictContext final : public kainjow::mustache::basic_context<std::string> {
 public:
  StrictContext(const Data& data, const std::map<std::string, std::string, std::less<>>& texts)
      : texts_(texts) {
    items_.push_back(&data);
  }

  void push(const Data* data) override { items_.push_back(data); }
  void pop() override { items_.pop_back(); }

  [[nodiscard]] const Data* get(const std::string& name) const override {
    if (name == ".") return items_.back();
    for (const Data* item : llvm::reverse(items_))
      if (const Data* found = item->get(name)) return found;
    complain("unknown key `" + name + "`");
    return nullptr;
  }

  [[nodiscard]] const Data* get_partial(const std::string& name) const override {
    const auto text = texts_.find(name);
    if (text == texts_.end()) {
      complain("unknown template `" + name + "`");
      return nullptr;
    }
    // kainjow takes a partial as a value: it lives as long as this context.
    return &partials_.try_emplace(name, Data(text->second)).first->second;
  }

  [[nodiscard]] const std::string& complaint() const { return complaint_; }

 private:
  void complain(std::string text) const {
    if (complaint_.empty()) complaint_ = std::move(text);
  }

  const std::map<std::string, std::string, std::less<>>& texts_;
  std::vector<const Data*> items_;
  mutable std::map<std::string, Data> partials_;
  mutable std::string complaint_;  // `get` is const in kainjow's interface
};

}  // namespace

Templates Templates::built_in() {
  Templates result;
  for (const BuiltInTemplate& each : built_in_templates())
    result.texts_.emplace(each.name, mark_empty_lines(each.text));
  return result;
}

llvm::Expected<Templates> Templates::load(llvm::vfs::FileSystem& file_system, llvm::StringRef folder) {
  Templates result = built_in();
  std::error_code error;
  if (!file_system.status(folder)) return environment_error("cannot read the templates in `" + folder + "`");
  for (llvm::vfs::recursive_directory_iterator file(file_system, folder, error), end; !error && file != end;
       file.increment(error)) {
    if (file->type() == llvm::sys::fs::file_type::directory_file || !file->path().ends_with(kExtension))
      continue;
    llvm::SmallString<256> relative(file->path());
    llvm::sys::path::replace_path_prefix(relative, folder, "");
    const std::string name = llvm::StringRef(relative).ltrim('/').drop_back(kExtension.size()).str();
    const auto replaced = result.texts_.find(name);
    if (replaced == result.texts_.end()) {
      llvm::SmallVector<llvm::StringRef> names;
      for (const auto& [known, text] : result.texts_)
        names.push_back(known);
      std::string message = "`" + file->path().str() + "` replaces no template";
      if (const auto guess = diagnostics::did_you_mean(name, names))
        message += ": did you mean `" + guess->str() + "`?";
      return environment_error(message + "; there are " + llvm::join(names, ", "));
    }
    const auto buffer = file_system.getBufferForFile(file->path());
    if (!buffer)
      return environment_error("cannot read `" + file->path() + "`: " + buffer.getError().message());
    replaced->second = mark_empty_lines((*buffer)->getBuffer());
  }
  if (error) return environment_error("cannot read the templates in `" + folder + "`: " + error.message());
  return result;
}

llvm::Expected<std::string> Templates::render(llvm::StringRef name, const Data& data) const {
  const auto text = texts_.find(name);
  if (text == texts_.end()) return environment_error("unknown template `" + name + "`");
  kainjow::mustache::mustache mustache(text->second);
  mustache.set_custom_escape([](const std::string& value) { return value; });
  StrictContext context(data, texts_);
  std::string result;
  if (mustache.is_valid()) result = mustache.render(context);
  if (!mustache.is_valid()) return environment_error("template `" + name + "`: " + mustache.error_message());
  if (!context.complaint().empty())
    return environment_error("template `" + name + "`: " + context.complaint());
  return result;
}

}  // namespace zc::emit
