#include "compiler/check/names/former_names.h"

#include <llvm/ADT/StringMap.h>

#include <map>
#include <utility>

namespace zc::check {

namespace {

// Declarations of which no two may have the same name: those of one kind in a package, the fields of a
// struct.
class Siblings {
 public:
  Siblings(Context& context, llvm::StringRef noun) : context_(context), noun_(noun) {}

  void add(const model::Origin& origin) { all_.push_back(&origin); }

  void check() const {
    llvm::StringMap<const model::Origin*> names, former;
    for (const model::Origin* origin : all_)
      names.try_emplace(origin->name, origin);
    for (const model::Origin* origin : all_) {
      if (!origin->was) continue;
      const model::FormerName& was = *origin->was;
      if (was.name.empty() || was.name == origin->name) {
        context_.engine.report(Kind::kBadTraitArgument, was.span, "was", "the name that it had before");
        continue;
      }
      if (const auto other = names.find(was.name); other != names.end()) {
        context_.engine.report(Kind::kFormerNameInUse, was.span, noun_, origin->name, was.name)
            .secondary(other->second->span, "declared here")
            .help("remove the trait, or what has the former name");
      } else if (const auto [first, is_new] = former.try_emplace(was.name, origin); !is_new) {
        context_.engine.report(Kind::kDuplicateFormerName, was.span, noun_, origin->name, was.name)
            .secondary(first->second->was->span, "so does `" + first->second->name + "`");
      }
    }
  }

 private:
  Context& context_;
  llvm::StringRef noun_;
  std::vector<const model::Origin*> all_;
};

// The declarations of each package on their own.
class Packages {
 public:
  Packages(Context& context, llvm::StringRef noun) : context_(context), noun_(noun) {}

  template <typename Table> Packages& add(const Table& table) {
    for (const auto& each : table) {
      if constexpr (requires { each.commits; })
        if (each.commits) continue;  // nobody has named it
      by_package_.try_emplace(each.origin.package, context_, noun_).first->second.add(each.origin);
    }
    return *this;
  }

  void check() const {
    for (const auto& [package, siblings] : by_package_)
      siblings.check();
  }

 private:
  Context& context_;
  llvm::StringRef noun_;
  std::map<model::PackageId, Siblings> by_package_;
};

template <typename Members>
void check_members(Context& context, llvm::StringRef noun, const Members& members) {
  Siblings siblings(context, noun);
  for (const auto& member : members)
    siblings.add(member.origin);
  siblings.check();
}

}  // namespace

void check_former_names(Context& context) {
  const model::Program& program = context.program;
  Packages(context, "type")
      .add(program.scalars)
      .add(program.structs)
      .add(program.enums)
      .add(program.externs)
      .check();
  Packages(context, "error").add(program.errors).check();
  Packages(context, "adapter").add(program.adapters).check();
  Packages(context, "target").add(program.targets).check();
  Packages(context, "policy").add(program.policies).check();
  Packages(context, "slot").add(program.slots).check();
  Packages(context, "step").add(program.steps).check();
  Packages(context, "chain").add(program.chains).check();
  Packages(context, "flow").add(program.flows).check();
  for (const model::Struct& each : program.structs)
    check_members(context, "field", each.fields);
  for (const model::ErrorType& each : program.errors)
    check_members(context, "field", each.fields);
  for (const model::Enum& each : program.enums)
    check_members(context, "value", each.values);
  for (const model::Adapter& each : program.adapters)
    check_members(context, "operation", each.operations);
}

}  // namespace zc::check
