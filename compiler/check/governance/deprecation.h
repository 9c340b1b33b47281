// How a flow goes away.

#pragma once

#include "compiler/check/steps/settings.h"

namespace zc::check {

// Reads `deprecated since "2026-01" sunset "2026-07-01" successor show;` into the flow.
void read_deprecation(Context& context, model::Flow& flow, SettingReader& reader,
                      const syntax::Setting& setting);

// Deprecated flows without a date or a successor, and successors that cannot be one.
void check_deprecations(Context& context);

// A day or month of RFC 3339: `2026-01-31`, `2026-01`.
[[nodiscard]] bool is_date(llvm::StringRef text);

}  // namespace zc::check
