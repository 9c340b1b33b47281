// The text of generated files: mustache templates, built into the program or read from a folder.

#pragma once

#include <kainjow/mustache.hpp>
#include <llvm/ADT/StringRef.h>
#include <llvm/Support/Error.h>
#include <llvm/Support/VirtualFileSystem.h>

#include <map>
#include <string>

namespace zc::emit {

// What a template is filled with: strings, booleans, lists and objects of them.
using Data = kainjow::mustache::data;

// A set of templates by name ("cpp/header": the file cpp/header.mustache). A value; immutable once made.
class Templates {
 public:
  // Those under templates/ when the compiler was built.
  [[nodiscard]] static Templates built_in();

  // The built-in ones, with those replaced that `folder` holds under the same path. A file there that
  // replaces nothing is an error that lists the names there are, so that a typing mistake does not pass
  // silently.
  [[nodiscard]] static llvm::Expected<Templates> load(llvm::vfs::FileSystem& file_system,
                                                      llvm::StringRef folder);

  // The text of template `name` filled with `data`. `{{> other}}` includes another template. Nothing is
  // escaped; an empty line of a template is marked with a form feed, see layout.h. A key or a template that
  // is looked up and does not exist is an error.
  [[nodiscard]] llvm::Expected<std::string> render(llvm::StringRef name, const Data& data) const;

 private:
  std::map<std::string, std::string, std::less<>> texts_;
};

}  // namespace zc::emit
