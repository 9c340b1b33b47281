// Lock files as text: what is written can be read, and what cannot be read is reported with its line.

#include "compiler/lock/text.h"

#include "compiler/lock/compare.h"
#include "compiler/lock/entry_rules.h"
#include "compiler/lock/type_text.h"

#include <gtest/gtest.h>
#include <llvm/ADT/STLExtras.h>
#include <llvm/Support/Error.h>

#include <random>
#include <string>

namespace zc::lock {
namespace {

struct Parsed {
  std::optional<Lock> lock;
  std::string problem;  // "2: a merge conflict..."
};

Parsed parse(const std::string& text) {
  SourceManager sources;
  diagnostics::DiagnosticEngine engine(sources);
  Parsed result;
  result.lock = parse_lock(sources, llvm::cantFail(sources.add("api.lock", text)), engine);
  const diagnostics::Report report = engine.finish();
  EXPECT_EQ(report.diagnostics.empty(), result.lock.has_value());
  if (!report.diagnostics.empty()) {
    const diagnostics::Diagnostic& found = report.diagnostics.front();
    result.problem = std::to_string(sources.begin_of(found.span).line) + ": " + found.message;
  }
  return result;
}

std::string problem(const std::string& lines) { return parse("zerver-lock 1\n" + lines).problem; }

class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  Lock lock() {
    Lock lock;
    fill("", lock.entries, 8);
    sort_entries(lock.entries);
    return lock;
  }

  unsigned number(unsigned limit) { return std::uniform_int_distribution<unsigned>(0, limit - 1)(random_); }

 private:
  void fill(llvm::StringRef parent, std::vector<Entry>& entries, unsigned most) {
    for (unsigned i = number(most + 1); i > 0; --i) {
      const EntryRule& rule = entry_rules()[number(static_cast<unsigned>(entry_rules().size()))];
      if (rule.parent != parent) continue;
      Entry entry;
      entry.kind = rule.kind.str();
      entry.name = rule.name == NameForm::kStatus ? std::to_string(200 + number(300)) : word();
      if (llvm::any_of(entries,
                       [&](const Entry& each) { return each.kind == entry.kind && each.name == entry.name; }))
        continue;
      for (const AttributeRule& attribute : rule.attributes) {
        if (attribute.name.empty() || (!attribute.required && number(2) == 0)) continue;
        entry.set(attribute.name, value(attribute.form));
      }
      fill(entry.kind, entry.members, 4);
      entries.push_back(std::move(entry));
    }
  }

  std::string word() {
    static constexpr llvm::StringLiteral kCharacters = "abz09_.-/ \"\\=#{}<>|\n\t\x7F\xC3\xA9";
    std::string text;
    for (unsigned i = 1 + number(6); i > 0; --i)
      text += kCharacters[number(static_cast<unsigned>(kCharacters.size()))];
    return text;
  }

  std::string type(unsigned depth = 0) {
    switch (depth > 3 ? 0 : number(4)) {
      case 1:
        return "list<" + type(depth + 1) + ">";
      case 2:
        return "map<string," + type(depth + 1) + ">?";
      case 3:
        return "{a:" + type(depth + 1) + ",\"b c\":p.T}";
      default:
        return number(2) == 0 ? "i32" : "todo.v1.Todo?";
    }
  }

  std::string value(ValueForm form) {
    switch (form) {
      case ValueForm::kFlag:
        return "";
      case ValueForm::kText:
        return word();
      case ValueForm::kType:
        return type();
      case ValueForm::kTypes:
        return type() + "|" + type();
      case ValueForm::kStatus:
        return "404";
      case ValueForm::kRange:
        return number(2) == 0 ? "0..18446744073709551615" : "-1.5..";
    }
    return "";
  }

  std::mt19937 random_;
};

TEST(LockText, WhatIsWrittenIsReadAgain) {
  for (unsigned seed = 0; seed < 2000; ++seed) {
    const Lock lock = Generator(seed).lock();
    const std::string text = print_lock(lock);
    const Parsed again = parse(text);
    ASSERT_TRUE(again.lock.has_value()) << seed << ": " << again.problem << "\n" << text;
    ASSERT_EQ(print_lock(*again.lock), text) << seed;
  }
}

TEST(LockText, DamagedFilesAreReadOrReported) {
  for (unsigned seed = 0; seed < 3000; ++seed) {
    Generator generator(seed);
    std::string text = print_lock(generator.lock());
    for (unsigned i = 1 + generator.number(4); i > 0; --i) {
      const std::size_t place = generator.number(static_cast<unsigned>(text.size()));
      const unsigned how = generator.number(3);
      if (how == 0) text.erase(place, generator.number(40));
      if (how == 1) text[place] = static_cast<char>(generator.number(256));
      if (how == 2) text.insert(place, text.substr(generator.number(static_cast<unsigned>(text.size())), 30));
    }
    const Parsed parsed = parse(text);
    if (!parsed.lock) continue;
    const std::string printed = print_lock(*parsed.lock);
    ASSERT_EQ(print_lock(*parse(printed).lock), printed) << seed;
    const Lock other = Generator(seed + 1).lock();
    EXPECT_LE(compare(*parsed.lock, *parsed.lock).size(), 0U) << printed;
    (void)compare(*parsed.lock, other);
  }
}

TEST(LockText, CommentsOrderAndLineEndsMeanNothing) {
  const Parsed one = parse("# a\r\nzerver-lock 1\r\n\r\nstep p.b\r\n# c\r\nstep p.a writes=x  \r\n");
  const Parsed other = parse("zerver-lock 1\nstep p.a writes=x\nstep p.b\n");
  ASSERT_TRUE(one.lock && other.lock) << one.problem;
  EXPECT_EQ(print_lock(*one.lock), print_lock(*other.lock));
}

TEST(LockText, MistakesAreReportedWithTheirLine) {
  EXPECT_EQ(parse("").problem, "1: this is no lock file: it does not begin with `zerver-lock 1`");
  EXPECT_EQ(parse("step p.a\n").problem, "1: this is no lock file: it does not begin with `zerver-lock 1`");
  EXPECT_EQ(parse("# x\nzerver-lock 7\n").problem,
            "2: the lock file has format 7, this compiler reads format 1");
  EXPECT_EQ(problem("step p.a\n<<<<<<< ours\n"), "3: a merge conflict is left in the lock file");
  EXPECT_EQ(problem("=======\n"), "2: a merge conflict is left in the lock file");
  EXPECT_EQ(problem("stop p.a\n"), "2: `stop` is no entry of a lock file");
  EXPECT_EQ(problem("step p.a\n  field x type=i32\n"), "3: `field` does not belong to `step`");
  EXPECT_EQ(problem("step\n"), "2: `step` needs a name");
  EXPECT_EQ(problem("step p.a\n   x y\n"), "3: the line is not indented like what it belongs to");
  EXPECT_EQ(problem("  step p.a\n"), "2: the line is not indented like what it belongs to");
  EXPECT_EQ(problem("step p.a\nstep p.a\n"), "3: `step p.a` stands twice");
  EXPECT_EQ(problem("step p.a writes=x writes=y\n"), "2: `writes` stands twice in this line");
  EXPECT_EQ(problem("step p.a color=x\n"), "2: `step` has no attribute `color`");
  EXPECT_EQ(problem("slot p.a\n"), "2: `slot` needs the attribute `type`");
  EXPECT_EQ(problem("slot p.a type=list<i32\n"), "2: `type` takes a type");
  EXPECT_EQ(problem("slot p.a type=\"i32\n"), "2: the line cannot be read from here on: `type=\"i32`");
  EXPECT_EQ(problem("error p.a status=abc\n"), "2: `status` takes a status");
  EXPECT_EQ(problem("scalar p.a type=string length=1\n"), "2: `length` takes a range such as `1..200`");
}

TEST(TypeText, DeepTypesAreRefused) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i)
    deep += "list<";
  EXPECT_FALSE(parse_type(deep).has_value());
  EXPECT_FALSE(parse_type(deep + "i32").has_value());
}

TEST(TypeText, KeepsItsText) {
  for (const char* text : {"i32", "a.b.C?", "list<map<string,i32?>>?", "{}", "{a:i32,\"b \\\"c\":{d:x.Y}}"}) {
    const std::optional<TypeText> type = parse_type(text);
    ASSERT_TRUE(type.has_value()) << text;
    EXPECT_EQ(to_text(*type), text);
  }
  for (const char* text : {"", "?", "list", "list<>", "map<i32>", "{a}", "{a:}", "i32 ", "{a:i32,}", "i32??"})
    EXPECT_FALSE(parse_type(text).has_value()) << text;
}

}  // namespace
}  // namespace zc::lock
