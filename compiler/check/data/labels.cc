#include "compiler/check/data/labels.h"

#include <algorithm>

namespace zc::check {

using model::Label;
using model::Labels;
using model::TypeKind;

namespace {

model::StructId struct_of(const model::Type& type) { return model::StructId(type.declaration); }

}  // namespace

std::string source_text(const LabelSource& source) {
  if (source.owner != nullptr) return "field `" + source.origin->name + "` of `" + source.owner->name + "`";
  return (source.is_slot ? "slot `" : "scalar `") + source.origin->name + "`";
}

const char* label_text(Label label) { return label == model::kSecret ? "secret data" : "personal data"; }
const char* label_word(Label label) { return label == model::kSecret ? "secret" : "pii"; }

LabelTable::LabelTable(const model::Program& program) : program_(program) {
  structs_.resize(program.structs.size());
  std::vector<std::vector<model::StructId>> holders(program.structs.size());
  std::vector<model::StructId> open;
  for (std::size_t i = 0; i < program.structs.size(); ++i) {
    const model::StructId id(i);
    for (const model::Field& field : program.structs[id].fields) {
      structs_[id] |= field.traits.labels;
      if (!field.type.is_valid()) continue;
      const model::Type& type = bare(field.type);
      if (type.kind == TypeKind::kStruct) {
        holders[type.declaration].push_back(id);
      } else {
        structs_[id] |= own_labels(type);
      }
    }
    if (structs_[id] != model::kNoLabel) open.push_back(id);
  }
  // A struct has the labels of those inside it; each is visited again at most once a label.
  while (!open.empty()) {
    const model::StructId inner = open.back();
    open.pop_back();
    for (const model::StructId holder : holders[inner.index()]) {
      const Labels before = structs_[holder];
      structs_[holder] |= structs_[inner];
      if (structs_[holder] != before) open.push_back(holder);
    }
  }
  for (const Labels labels : structs_)
    all_ |= labels;
  for (const model::Scalar& scalar : program.scalars)
    all_ |= scalar.traits.labels;
  for (const model::Slot& slot : program.slots)
    all_ |= slot.labels;
  for (const model::ErrorType& error : program.errors) {
    for (const model::Field& field : error.fields)
      all_ |= field.traits.labels;
  }
}

const model::Type& LabelTable::bare(model::TypeId type) const {
  const model::Type* result = &program_.types[type];
  while (result->element.is_valid())
    result = &program_.types[result->element];
  return *result;
}

Labels LabelTable::own_labels(const model::Type& bare_type) const {
  if (bare_type.kind == TypeKind::kStruct) return structs_[struct_of(bare_type)];
  Labels labels = model::kNoLabel;
  if (bare_type.kind == TypeKind::kScalar)
    labels = program_.scalars[model::ScalarId(bare_type.declaration)].traits.labels;
  for (const model::ObjectField& field : bare_type.fields)
    labels |= labels_of(field.type);
  return labels;
}

Labels LabelTable::labels_of(model::TypeId type) const {
  return type.is_valid() ? own_labels(bare(type)) : Labels{model::kNoLabel};
}
Labels LabelTable::labels_of(model::SlotId slot) const {
  return static_cast<Labels>(program_.slots[slot].labels | labels_of(program_.slots[slot].type));
}
Labels LabelTable::labels_of(const model::Field& field) const {
  return static_cast<Labels>(field.traits.labels | labels_of(field.type));
}

Labels LabelTable::whole_labels(model::TypeId type, llvm::ArrayRef<std::uint32_t> path) const {
  Labels labels = model::kNoLabel;
  for (const std::uint32_t index : path) {
    if (!type.is_valid()) return labels;
    const model::Type& outer = bare(type);
    if (outer.kind == TypeKind::kStruct) {
      const model::Field& field = program_.structs[struct_of(outer)].fields[index];
      labels |= field.traits.labels;
      type = field.type;
    } else if (index < outer.fields.size()) {
      type = outer.fields[index].type;
    } else {
      return labels;
    }
  }
  if (type.is_valid() && bare(type).kind == TypeKind::kScalar) labels |= labels_of(type);
  return labels;
}

Labels LabelTable::whole_labels(model::SlotId slot, llvm::ArrayRef<std::uint32_t> path) const {
  const model::Slot& declared = program_.slots[slot];
  return static_cast<Labels>(declared.labels | whole_labels(declared.type, path));
}

// Walks along a path, then through everything below.
class LabelTable::Collector {
 public:
  explicit Collector(const LabelTable& table) : table_(table) {}

  void declared(Labels labels, const LabelSource& source) {
    for (const Label label : kEveryLabel) {
      if ((labels & label) != 0) add(label, source);
    }
  }

  void along(model::TypeId id, llvm::ArrayRef<std::uint32_t> path, LabelSource source) {
    for (const std::uint32_t index : path) {
      if (!id.is_valid()) return;
      const model::Type& type = table_.bare(id);
      if (type.kind == TypeKind::kStruct) {
        const model::Struct& owner = table_.program_.structs[struct_of(type)];
        const model::Field& field = owner.fields[index];
        source = {&field.origin, &owner.origin, false};
        declared(field.traits.labels, source);
        id = field.type;
      } else if (index < type.fields.size()) {
        id = type.fields[index].type;
      } else {
        return;
      }
    }
    below(id, source);
  }

  std::vector<LabelledPart> take() { return std::move(parts_); }

 private:
  static constexpr std::size_t kMost = 32;  // of one label: what a message or a report can use
  static constexpr std::size_t kMaxDepth = 16;
  static constexpr std::size_t kMaxVisits = 1000;

  [[nodiscard]] std::size_t& count(Label label) { return counts_[label == model::kSecret ? 1 : 0]; }

  void add(Label label, const LabelSource& source) {
    if (count(label)++ < kMost) parts_.push_back({path_, label, source});
  }

  [[nodiscard]] bool is_wanted(Labels labels) {
    return std::any_of(std::begin(kEveryLabel), std::end(kEveryLabel),
                       [&](Label label) { return (labels & label) != 0 && count(label) < kMost; });
  }

  // What lies deeper than anybody looks, or is tangled, is told as a whole: its labels stand at `source`.
  void below(model::TypeId id, const LabelSource& source) {
    if (!id.is_valid()) return;
    const Labels labels = table_.labels_of(id);
    if (!is_wanted(labels)) return;
    const model::Type& type = table_.bare(id);
    if (type.kind == TypeKind::kScalar) {
      const model::Scalar& scalar = table_.program_.scalars[model::ScalarId(type.declaration)];
      return declared(scalar.traits.labels, {&scalar.origin, nullptr, false});
    }
    if (path_.size() >= kMaxDepth || ++visits_ > kMaxVisits) return declared(labels, source);
    if (type.kind == TypeKind::kStruct) {
      if (std::find(inside_.begin(), inside_.end(), type.declaration) != inside_.end()) return;
      inside_.push_back(type.declaration);
      const model::Struct& owner = table_.program_.structs[struct_of(type)];
      for (std::size_t i = 0; i < owner.fields.size(); ++i) {
        const model::Field& field = owner.fields[i];
        const LabelSource part{&field.origin, &owner.origin, false};
        path_.push_back(static_cast<std::uint32_t>(i));
        declared(field.traits.labels, part);
        below(field.type, part);
        path_.pop_back();
      }
      inside_.pop_back();
      return;
    }
    for (std::size_t i = 0; i < type.fields.size(); ++i) {
      path_.push_back(static_cast<std::uint32_t>(i));
      below(type.fields[i].type, source);
      path_.pop_back();
    }
  }

  const LabelTable& table_;
  FieldPath path_;
  std::vector<std::uint32_t> inside_;
  std::vector<LabelledPart> parts_;
  std::size_t counts_[2] = {};
  std::size_t visits_ = 0;
};

std::vector<LabelledPart> LabelTable::parts_of(model::TypeId type, llvm::ArrayRef<std::uint32_t> path) const {
  Collector collector(*this);
  collector.along(type, path, {});
  return collector.take();
}

std::vector<LabelledPart> LabelTable::parts_of(model::SlotId slot, llvm::ArrayRef<std::uint32_t> path) const {
  const model::Slot& declared = program_.slots[slot];
  Collector collector(*this);
  collector.declared(declared.labels, {&declared.origin, nullptr, true});
  collector.along(declared.type, path, {&declared.origin, nullptr, true});
  return collector.take();
}

std::vector<LabelledPart> LabelTable::parts_of(const model::Field& field, const model::Origin& owner,
                                               llvm::ArrayRef<std::uint32_t> path) const {
  Collector collector(*this);
  collector.declared(field.traits.labels, {&field.origin, &owner, false});
  collector.along(field.type, path, {&field.origin, &owner, false});
  return collector.take();
}

std::string LabelTable::path_text(model::TypeId type, llvm::ArrayRef<std::uint32_t> path) const {
  std::string text;
  for (const std::uint32_t index : path) {
    if (!type.is_valid()) break;
    const model::Type& inner = bare(type);
    std::string name;
    if (inner.kind == TypeKind::kStruct) {
      const model::Field& field = program_.structs[struct_of(inner)].fields[index];
      name = field.origin.name;
      type = field.type;
    } else if (index < inner.fields.size()) {
      name = inner.fields[index].name;
      type = inner.fields[index].type;
    } else {
      break;
    }
    if (!text.empty()) text += '.';
    text += name;
  }
  return text;
}

}  // namespace zc::check
