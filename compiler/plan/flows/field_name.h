// Names of HTTP header fields, as they are written into an answer.

#pragma once

#include <llvm/ADT/StringRef.h>

#include <string>

namespace zc::plan {

// A field of RFC 9110 or of IANA's registry in its usual capitalisation, whatever that of `name`:
// "www-authenticate" as "WWW-Authenticate". Any other as it is: clients take no notice of the case, and its
// author chose it.
[[nodiscard]] std::string field_name(llvm::StringRef name);

}  // namespace zc::plan
