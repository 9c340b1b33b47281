// Reads a lock file, line by line.

#include "compiler/lock/entry_rules.h"
#include "compiler/lock/text.h"
#include "compiler/lock/type_text.h"

#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/StringSet.h>
#include <llvm/ADT/Twine.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace zc::lock {
namespace {

using diagnostics::DiagnosticEngine;
using diagnostics::Kind;

// Deeper than any entry can stand.
constexpr std::size_t kMaxIndent = 8;

class Parser {
 public:
  Parser(const SourceManager& sources, FileId file, DiagnosticEngine& engine)
      : text_(sources.text(file)), file_(file), engine_(engine) {}

  std::optional<Lock> parse() {
    while (offset_ < text_.size() && !failed_) {
      const std::size_t end = std::min(text_.find('\n', offset_), text_.size());
      line_ = text_.slice(offset_, end).rtrim("\r \t");
      line_span_ = Span{file_, static_cast<std::uint32_t>(offset_),
                        static_cast<std::uint32_t>(offset_ + line_.size())};
      offset_ = end + 1;
      parse_line();
    }
    if (!failed_ && !has_version_) {
      line_span_ = Span{file_, 0, 0};
      fail("this is no lock file: it does not begin with `zerver-lock " + llvm::Twine(kFormatVersion) + "`");
    }
    if (failed_) return std::nullopt;
    sort_entries(lock_.entries);
    return std::move(lock_);
  }

 private:
  void parse_line() {
    for (const llvm::StringRef marker : {"<<<<<<<", "|||||||", "=======", ">>>>>>>"}) {
      if (!line_.starts_with(marker)) continue;
      fail("a merge conflict is left in the lock file")
          .help(
              "keep the lines of both sides without the markers, or take either side; then run the compiler "
              "with `--lock` again");
      return;
    }
    const llvm::StringRef content = line_.ltrim(' ');
    if (content.empty() || content.starts_with("#")) return;
    const std::size_t indent = line_.size() - content.size();
    line_span_.begin += static_cast<std::uint32_t>(indent);
    if (!has_version_) return parse_version(content);
    if (indent % 2 != 0 || indent > kMaxIndent || indent / 2 > open_.size()) {
      fail("the line is not indented like what it belongs to");
      return;
    }
    parse_entry(content, indent / 2);
  }

  void parse_version(llvm::StringRef content) {
    unsigned version = 0;
    if (!content.consume_front("zerver-lock ") || content.getAsInteger(10, version)) {
      fail("this is no lock file: it does not begin with `zerver-lock " + llvm::Twine(kFormatVersion) + "`");
    } else if (version != kFormatVersion) {
      fail("the lock file has format " + llvm::Twine(version) + ", this compiler reads format " +
           llvm::Twine(kFormatVersion))
          .help("use the compiler that wrote it, or a later one");
    } else {
      has_version_ = true;
    }
  }

  void parse_entry(llvm::StringRef rest, std::size_t depth) {
    Entry entry;
    entry.span = line_span_;
    entry.kind = rest.take_while([](char c) { return llvm::isAlnum(c) || c == '_'; }).str();
    rest = rest.drop_front(entry.kind.size());
    open_.resize(depth);
    const llvm::StringRef parent = open_.empty() ? llvm::StringRef() : llvm::StringRef(open_.back()->kind);
    const EntryRule* rule = find_entry_rule(parent, entry.kind);
    if (rule == nullptr) {
      const std::string kind = "`" + entry.kind + "` ";
      fail(parent.empty() ? kind + "is no entry of a lock file"
                          : kind + "does not belong to `" + parent.str() + "`");
      return;
    }
    if (!rest.consume_front(" ") || !take_word(rest, entry.name)) {
      fail("`" + llvm::Twine(entry.kind) + "` needs a name");
      return;
    }
    while (!rest.empty()) {
      Attribute attribute;
      const llvm::StringRef from = rest.ltrim(' ').take_front(20);
      if (!rest.consume_front(" ") || !take_word(rest, attribute.name) || attribute.name.empty() ||
          (rest.consume_front("=") && !take_word(rest, attribute.value))) {
        fail("the line cannot be read from here on: `" + from + "`");
        return;
      }
      if (entry.has(attribute.name)) {
        fail("`" + llvm::Twine(attribute.name) + "` stands twice in this line");
        return;
      }
      entry.attributes.push_back(std::move(attribute));
    }
    if (const std::string problem = problem_of(*rule, entry); !problem.empty()) {
      fail(problem);
      return;
    }
    add(std::move(entry));
  }

  void add(Entry entry) {
    known_.resize(open_.size() + 1);
    if (!known_.back().insert(entry.kind + " " + entry.name).second) {
      fail("`" + llvm::Twine(entry.kind) + " " + entry.name + "` stands twice")
          .help("a merge kept both sides: delete one of them, then run the compiler with `--lock` again");
      return;
    }
    // Only the last entry of each level is open, so no pointer to one outlives a growing vector.
    std::vector<Entry>& siblings = open_.empty() ? lock_.entries : open_.back()->members;
    siblings.push_back(std::move(entry));
    open_.push_back(&siblings.back());
    known_.emplace_back();
  }

  // A bare word ends at a space or `=`.
  static bool take_word(llvm::StringRef& rest, std::string& out) {
    if (rest.starts_with("\"")) {
      std::optional<std::string> text = take_quoted(rest);
      if (text) out = std::move(*text);
      return text.has_value();
    }
    out = rest.take_until([](char c) { return c == ' ' || c == '=' || c == '"'; }).str();
    rest = rest.drop_front(out.size());
    return !out.empty();
  }

  diagnostics::Diagnostic& fail(const llvm::Twine& problem) {
    failed_ = true;
    return engine_.report(Kind::kBadLock, line_span_, problem.str());
  }

  llvm::StringRef text_;
  FileId file_;
  DiagnosticEngine& engine_;
  std::size_t offset_ = 0;
  llvm::StringRef line_;
  Span line_span_;
  bool has_version_ = false;
  bool failed_ = false;
  Lock lock_;
  std::vector<Entry*> open_;              // the entry that each level of indentation belongs to
  std::vector<llvm::StringSet<>> known_;  // what stands at each level of indentation below the same entry
};

}  // namespace

std::optional<Lock> parse_lock(const SourceManager& sources, FileId file, DiagnosticEngine& engine) {
  return Parser(sources, file, engine).parse();
}

}  // namespace zc::lock
