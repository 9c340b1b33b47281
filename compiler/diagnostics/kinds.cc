// The registry of `kinds.def` as a table.

#include "compiler/diagnostics/kinds.h"

#include "compiler/diagnostics/explanations.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/Support/ErrorHandling.h>

#include <array>
#include <cstdint>

namespace zc::diagnostics {
namespace {

constexpr std::array kInfos{
#define DIAGNOSTIC(Name, Code, SeverityName, FamilyName, Title, Message) \
  KindInfo{Code, Severity::SeverityName, Family::FamilyName, Title, Message},
#include "compiler/diagnostics/kinds.def"
#undef DIAGNOSTIC
};

}  // namespace

std::size_t kind_count() { return kInfos.size(); }

const KindInfo& info(Kind kind) { return kInfos[static_cast<std::size_t>(kind)]; }

std::optional<Kind> kind_of_code(llvm::StringRef code) {
  const auto* found = llvm::find_if(kInfos, [&](const KindInfo& known) { return known.code == code; });
  if (found == kInfos.end()) return std::nullopt;
  return static_cast<Kind>(found - kInfos.begin());
}

llvm::StringRef family_name(Family family) {
  switch (family) {
    case Family::kSyntax:
      return "syntax";
    case Family::kNames:
      return "names";
    case Family::kTypes:
      return "types";
    case Family::kSlots:
      return "slots";
    case Family::kShape:
      return "shape";
    case Family::kRoutes:
      return "routes";
    case Family::kEffects:
      return "effects";
    case Family::kTime:
      return "time";
    case Family::kErrors:
      return "errors";
    case Family::kSagas:
      return "sagas";
    case Family::kTransactions:
      return "transactions";
    case Family::kData:
      return "data";
    case Family::kSql:
      return "sql";
    case Family::kEvolution:
      return "evolution";
    case Family::kGovernance:
      return "governance";
    case Family::kEmit:
      return "emit";
    case Family::kDriver:
      return "driver";
  }
  llvm_unreachable("not a family");
}

llvm::StringRef severity_name(Severity severity) {
  switch (severity) {
    case Severity::kNote:
      return "note";
    case Severity::kWarning:
      return "warning";
    case Severity::kError:
      return "error";
  }
  llvm_unreachable("not a severity");
}

llvm::StringRef explanation(Kind kind) {
  const llvm::StringRef code = info(kind).code;
  for (const Explanation& known : explanations()) {
    if (known.code == code) return known.text;
  }
  return {};
}

}  // namespace zc::diagnostics
