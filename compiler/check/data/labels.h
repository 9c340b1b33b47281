// Which labels of data protection values carry by declaration: of a scalar, a field, a slot.

#pragma once

#include "compiler/model/program.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/SmallVector.h>

#include <cstdint>
#include <string>
#include <vector>

namespace zc::check {

inline constexpr model::Label kEveryLabel[] = {model::kPii, model::kSecret};

// Fields from a value down to a part of it, by their index. Lists, maps and optionals are not steps of a
// path: what is said of a list's path is true of each element.
using FieldPath = llvm::SmallVector<std::uint32_t, 2>;

// A declaration with `@pii` or `@secret`. Points into the program that it was found in.
struct LabelSource {
  const model::Origin* origin = nullptr;
  const model::Origin* owner = nullptr;  // the struct or error of a field, else null
  bool is_slot = false;

  friend bool operator==(const LabelSource&, const LabelSource&) = default;
};

// "field `owner` of `Todo`"
[[nodiscard]] std::string source_text(const LabelSource& source);
// "personal data", "secret data"
[[nodiscard]] const char* label_text(model::Label label);
// "pii", "secret"
[[nodiscard]] const char* label_word(model::Label label);

// A part of a value that carries a label.
struct LabelledPart {
  FieldPath path;
  model::Label label = model::kNoLabel;
  LabelSource source;
};

// Made once for a program whose types are resolved, in time linear in it.
class LabelTable {
 public:
  explicit LabelTable(const model::Program& program);

  // Whatever a value of the type, or a slot, may hold.
  [[nodiscard]] model::Labels labels_of(model::TypeId type) const;
  [[nodiscard]] model::Labels labels_of(model::SlotId slot) const;
  [[nodiscard]] model::Labels labels_of(const model::Field& field) const;

  // What the declarations say of the value at `path` as a whole, not of parts of it.
  [[nodiscard]] model::Labels whole_labels(model::SlotId slot, llvm::ArrayRef<std::uint32_t> path) const;
  [[nodiscard]] model::Labels whole_labels(model::TypeId type, llvm::ArrayRef<std::uint32_t> path) const;

  // The labelled parts of what is at `path` in a value: each with its path from there. At most some dozens
  // for each label, and at least one for each label that there is.
  [[nodiscard]] std::vector<LabelledPart> parts_of(model::SlotId slot,
                                                   llvm::ArrayRef<std::uint32_t> path = {}) const;
  [[nodiscard]] std::vector<LabelledPart> parts_of(const model::Field& field, const model::Origin& owner,
                                                   llvm::ArrayRef<std::uint32_t> path = {}) const;
  [[nodiscard]] std::vector<LabelledPart> parts_of(model::TypeId type,
                                                   llvm::ArrayRef<std::uint32_t> path = {}) const;

  // "owner.mail": the fields of `path`, from a value of the type.
  [[nodiscard]] std::string path_text(model::TypeId type, llvm::ArrayRef<std::uint32_t> path) const;

  // Without any declaration of a label there is nothing to follow.
  [[nodiscard]] bool is_empty() const { return all_ == model::kNoLabel; }

 private:
  class Collector;

  // The type without optionals, lists and maps around it.
  [[nodiscard]] const model::Type& bare(model::TypeId type) const;
  [[nodiscard]] model::Labels own_labels(const model::Type& bare_type) const;

  const model::Program& program_;
  IdVector<model::StructId, model::Labels> structs_;
  model::Labels all_ = model::kNoLabel;
};

}  // namespace zc::check
