// Lock files as text, both ways.

#pragma once

#include "compiler/base/source_manager.h"
#include "compiler/diagnostics/engine.h"
#include "compiler/lock/lock.h"

#include <optional>
#include <string>

namespace zc::lock {

// Of the form, in the file's first line. A change that an older compiler would misread makes it larger.
inline constexpr unsigned kFormatVersion = 1;

// One line an entry, members indented by two spaces below what they belong to, a blank line between the kinds
// and between entries with members: two changes meet in a merge only where they touch the same thing.
[[nodiscard]] std::string print_lock(const Lock& lock);

// Comments (`#`), blank lines, carriage returns and the order of entries carry no meaning. What is wrong is
// reported with its line, the first mistake only, and the answer is none.
[[nodiscard]] std::optional<Lock> parse_lock(const SourceManager& sources, FileId file,
                                             diagnostics::DiagnosticEngine& engine);

}  // namespace zc::lock
