// Comparing JSON texts by what they say.
#pragma once

#include <string>
#include <string_view>

namespace zerver::testing {

// Whether two JSON texts say the same: the order of fields, white space and escapes do not count. A text that
// is no JSON is equal to none.
bool json_equal(std::string_view left, std::string_view right);

// The value of a field of a JSON object, as it is written there; empty when there is none.
std::string json_field(std::string_view object, std::string_view name);

}  // namespace zerver::testing
