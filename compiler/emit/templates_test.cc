#include "compiler/emit/templates.h"

#include "compiler/emit/data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/VirtualFileSystem.h>

#include <string>

namespace zc::emit {
namespace {

using testing::HasSubstr;

class TemplatesTest : public testing::Test {
 protected:
  void write(llvm::StringRef path, llvm::StringRef text) {
    files_->addFile(path, 0, llvm::MemoryBuffer::getMemBufferCopy(text));
  }
  llvm::Expected<std::string> render(llvm::StringRef text, const Data& data) {
    write("/mine/cpp/main.mustache", text);
    llvm::Expected<Templates> templates = Templates::load(*files_, "/mine");
    if (!templates) return templates.takeError();
    return templates->render("cpp/main", data);
  }

  llvm::IntrusiveRefCntPtr<llvm::vfs::InMemoryFileSystem> files_ = new llvm::vfs::InMemoryFileSystem;
};

TEST_F(TemplatesTest, FillsInWithoutEscaping) {
  auto text =
      render("{{a}} {{#list}}<{{.}}>{{/list}}\n", object({{"a", "x < y"}, {"list", list({"1", "2"})}}));
  ASSERT_TRUE(static_cast<bool>(text));
  EXPECT_EQ(*text, "x < y <1><2>\n");
}

TEST_F(TemplatesTest, AnUnknownKeyIsAnError) {
  auto text = render("{{nmae}}\n", object({{"name", "x"}}));
  EXPECT_THAT(llvm::toString(text.takeError()), HasSubstr("template `cpp/main`: unknown key `nmae`"));
}

TEST_F(TemplatesTest, AnUnknownPartialIsAnError) {
  auto text = render("{{> cpp/nothing}}\n", object({}));
  EXPECT_THAT(llvm::toString(text.takeError()), HasSubstr("unknown template `cpp/nothing`"));
}

TEST_F(TemplatesTest, BrokenSyntaxIsAnError) {
  auto text = render("{{#open}}\n", object({{"open", flag(true)}}));
  EXPECT_THAT(llvm::toString(text.takeError()), HasSubstr("template `cpp/main`"));
}

TEST_F(TemplatesTest, AFileThatReplacesNothingIsAnError) {
  write("/mine/cpp/haeder.mustache", "");
  auto templates = Templates::load(*files_, "/mine");
  EXPECT_THAT(llvm::toString(templates.takeError()), HasSubstr("did you mean `cpp/header`?"));
}

TEST_F(TemplatesTest, AFolderThatIsNotThereIsAnError) {
  auto templates = Templates::load(*files_, "/nowhere");
  EXPECT_THAT(llvm::toString(templates.takeError()), HasSubstr("cannot read the templates in `/nowhere`"));
}

TEST_F(TemplatesTest, EmptyLinesOfATemplateAreMarked) {
  auto text = render("a\n\nb\n", object({}));
  ASSERT_TRUE(static_cast<bool>(text));
  EXPECT_EQ(*text, "a\n\f\nb\n");
}

}  // namespace
}  // namespace zc::emit
