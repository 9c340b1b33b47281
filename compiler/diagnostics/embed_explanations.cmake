# Writes OUTPUT, a C++ source with the texts of all Markdown files under FOLDER.

cmake_minimum_required(VERSION 3.25)

file(GLOB_RECURSE paths LIST_DIRECTORIES false "${FOLDER}/*.md")
list(SORT paths)
set(entries "")
foreach(path IN LISTS paths)
  get_filename_component(code "${path}" NAME_WE)
  file(READ "${path}" text)
  # Compilers may limit a literal to 64 KiB; an explanation is a page.
  string(LENGTH "${text}" length)
  if(length GREATER 16000)
    message(FATAL_ERROR "${path} is longer than an explanation should be")
  endif()
  string(APPEND entries "    Explanation{\"${code}\", R\"explanation(${text})explanation\"},\n")
endforeach()

file(WRITE "${OUTPUT}.new" "// Made by embed_explanations.cmake.

#include \"compiler/diagnostics/explanations.h\"

#include <array>

namespace zc::diagnostics {

llvm::ArrayRef<Explanation> explanations() {
  static constexpr std::array kExplanations{
${entries}  };
  return kExplanations;
}

}  // namespace zc::diagnostics
")
file(COPY_FILE "${OUTPUT}.new" "${OUTPUT}" ONLY_IF_DIFFERENT)
