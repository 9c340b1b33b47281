#include "compiler/lock/rules.h"

#include <array>

namespace zc::lock {
namespace {

constexpr std::array kRules{
#define RULE(Name, Code, RuleArea, RuleClass, Title, Message, Advice) \
  RuleInfo{Code, Area::RuleArea, Class::RuleClass, Title, Message, Advice},
#include "compiler/lock/rules.def"
#undef RULE
};

}  // namespace

std::size_t rule_count() { return kRules.size(); }

const RuleInfo& info(Rule rule) { return kRules.at(static_cast<std::size_t>(rule)); }

llvm::StringRef class_name(Class severity) {
  switch (severity) {
    case Class::kSafe:
      return "safe";
    case Class::kMigrate:
      return "migrate";
    case Class::kBreaking:
      return "breaking";
  }
  return "";
}

}  // namespace zc::lock
