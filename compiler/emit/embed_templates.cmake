# Writes OUTPUT, the definition of built_in_templates(), from every *.mustache under FOLDER (script mode).
file(GLOB_RECURSE files RELATIVE "${FOLDER}" "${FOLDER}/*.mustache")
list(SORT files)
set(rows "")
foreach(file IN LISTS files)
  file(READ "${FOLDER}/${file}" text)
  string(REGEX REPLACE "\\.mustache$" "" name "${file}")
  string(APPEND rows "    {\"${name}\", R\"mustache(${text})mustache\"},\n")
endforeach()
file(WRITE "${OUTPUT}" "#include \"compiler/emit/built_in_templates.h\"

namespace zc::emit {
namespace {
constexpr BuiltInTemplate kTemplates[] = {
${rows}};
}  // namespace

llvm::ArrayRef<BuiltInTemplate> built_in_templates() { return kTemplates; }

}  // namespace zc::emit
")
