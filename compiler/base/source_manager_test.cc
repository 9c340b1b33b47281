// Files, lines, ids.

#include "compiler/base/source_manager.h"

#include <gtest/gtest.h>
#include <llvm/ADT/DenseMap.h>
#include <llvm/Support/VirtualFileSystem.h>

#include <string>
#include <unistd.h>

namespace zc {
namespace {

FileId add(SourceManager& sources, llvm::StringRef text) {
  llvm::Expected<FileId> file = sources.add("test.flow", text);
  return file ? *file : FileId();
}

TEST(SourceManager, ReadsAFileOnce) {
  const auto files = llvm::makeIntrusiveRefCnt<llvm::vfs::InMemoryFileSystem>();
  files->addFile("/a.flow", 0, llvm::MemoryBuffer::getMemBuffer("package a;"));
  SourceManager sources(files);
  llvm::Expected<FileId> first = sources.load("/a.flow");
  ASSERT_TRUE(static_cast<bool>(first));
  llvm::Expected<FileId> second = sources.load("/a.flow");
  ASSERT_TRUE(static_cast<bool>(second));
  EXPECT_EQ(*first, *second);
  EXPECT_EQ(sources.file_count(), 1U);
  EXPECT_EQ(sources.name(*first), "/a.flow");
  EXPECT_EQ(sources.text(*first), "package a;");
  EXPECT_EQ(sources.text(Span{*first, 8, 9}), "a");
}

TEST(SourceManager, NamesThePathThatItCannotRead) {
  const auto files = llvm::makeIntrusiveRefCnt<llvm::vfs::InMemoryFileSystem>();
  files->addFile("/folder/a.flow", 0, llvm::MemoryBuffer::getMemBuffer(""));
  SourceManager sources(files);
  llvm::Expected<FileId> missing = sources.load("/missing.flow");
  ASSERT_FALSE(static_cast<bool>(missing));
  EXPECT_NE(llvm::toString(missing.takeError()).find("/missing.flow: "), std::string::npos);
  llvm::Expected<FileId> folder = sources.load("/folder");
  ASSERT_FALSE(static_cast<bool>(folder));
  EXPECT_EQ(llvm::toString(folder.takeError()), "/folder: is a directory");
}

TEST(SourceManager, ReadsAPipeAsItReadsAFile) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  ASSERT_EQ(write(ends[1], "package a;", 10), 10);
  ASSERT_EQ(close(ends[1]), 0);
  SourceManager sources;
  llvm::Expected<FileId> file = sources.load("/dev/fd/" + std::to_string(ends[0]));
  ASSERT_EQ(close(ends[0]), 0);
  ASSERT_TRUE(static_cast<bool>(file));
  EXPECT_EQ(sources.text(*file), "package a;");
}

TEST(SourceManager, RefusesWhatHasNoEnd) {
  SourceManager sources;
  llvm::Expected<FileId> file = sources.load("/dev/zero");
  ASSERT_FALSE(static_cast<bool>(file));
  EXPECT_EQ(llvm::toString(file.takeError()), "/dev/zero: is larger than 32 MiB");
}

TEST(SourceManager, CountsLinesAndColumnsFromOne) {
  SourceManager sources;
  const FileId file = add(sources, "one\r\ntwo\n\nfour");
  EXPECT_EQ(sources.line_count(file), 4U);
  EXPECT_EQ(sources.line_column(file, 0), (LineColumn{1, 1}));
  EXPECT_EQ(sources.line_column(file, 5), (LineColumn{2, 1}));
  EXPECT_EQ(sources.begin_of({file, 8, 9}), (LineColumn{2, 4}));
  EXPECT_EQ(sources.line_column(file, 14), (LineColumn{4, 5}));
  EXPECT_EQ(sources.line_text(file, 1), "one");
  EXPECT_EQ(sources.line_text(file, 3), "");
  EXPECT_EQ(sources.line_text(file, 4), "four");
  EXPECT_EQ(sources.line_begin(file, 4), 10U);
}

TEST(Span, CoversAndContains) {
  SourceManager sources;
  const FileId file = add(sources, "0123456789");
  const Span left{file, 1, 3};
  const Span right{file, 5, 8};
  EXPECT_EQ(cover(left, right), (Span{file, 1, 8}));
  EXPECT_EQ(cover({}, right), right);
  EXPECT_EQ(cover(left, {}), left);
  EXPECT_TRUE(cover(left, right).contains(right));
  EXPECT_FALSE(left.contains(right));
  EXPECT_TRUE(right.end_point().is_empty());
  EXPECT_EQ(right.start_point().begin, 5U);
  EXPECT_EQ(right.size(), 3U);
  EXPECT_FALSE(Span().is_valid());
}

struct Tag;

TEST(Id, NamesNothingByDefault) {
  EXPECT_FALSE(Id<Tag>().is_valid());
  EXPECT_TRUE(Id<Tag>(0).is_valid());
  EXPECT_LT(Id<Tag>(1), Id<Tag>(2));
}

TEST(Id, IndexesItsVectorAndKeysMaps) {
  IdVector<Id<Tag>, int> values;
  const Id<Tag> first = values.push_back(7);
  const Id<Tag> second = values.push_back(8);
  EXPECT_EQ(values[first], 7);
  EXPECT_EQ(values[second], 8);
  EXPECT_EQ(values.id_at(1), second);
  llvm::DenseMap<Id<Tag>, int> map;
  map[first] = 1;
  map[Id<Tag>()] = 2;
  EXPECT_EQ(map.lookup(first), 1);
  EXPECT_EQ(map.lookup(Id<Tag>()), 2);
}

}  // namespace
}  // namespace zc
