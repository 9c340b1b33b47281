// Types of values: built-in, declared, and composed ones, each interned once so that equality is equality of
// ids.

#pragma once

#include "compiler/base/span.h"
#include "compiler/model/boxed.h"
#include "compiler/model/ids.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace zc::model {

enum class TypeKind : std::uint8_t {
  kError,  // stands for whatever could not be resolved; compatible with everything, so that one mistake is
           // said once
  kVoid,   // an operation without result
  kBool,
  kI32,
  kI64,
  kU32,
  kU64,
  kF64,
  kDecimal,
  kString,
  kBytes,
  kUuid,
  kTimestamp,
  kDuration,
  kJson,
  kNull,  // the literal `null`, assignable to every optional
  kScalar,
  kStruct,
  kEnum,
  kExtern,
  kOptional,
  kList,
  kMap,        // of `element`
  kStream,     // of `element`: what an effect has opened, and an answer sends
  kObject,     // an object literal or an anonymous response object: fields in order
  kStatement,  // parameter of an adapter's operation that takes a tagged `sql"..."`
  kUrl,        // parameter that takes a string in which each `{x}` is encoded as one path segment
  kVariable,   // type parameter of an adapter's operation, by its index
};

struct ObjectField {
  std::string name;
  TypeId type;
  friend bool operator==(const ObjectField&, const ObjectField&) = default;
};

struct Type {
  TypeKind kind = TypeKind::kError;
  std::uint32_t declaration =
      0;           // index of the ScalarId, StructId, EnumId or ExternId; of the type parameter
  TypeId element;  // kOptional, kList, kMap, kStream
  std::vector<ObjectField> fields;  // kObject
  friend bool operator==(const Type&, const Type&) = default;
};

// What a declaration was called before.
struct FormerName {
  std::string name;
  Span span;  // of the trait
};

// Where a declaration stands: for diagnostics, generated comments and tools.
struct Origin {
  PackageId package;
  Span span;                      // of the name
  std::string name;               // as written, unqualified
  std::string doc;                // text of the `///` lines, without the slashes
  Boxed<FormerName> was;          // @was("old_name")
  Boxed<std::string> deprecated;  // @deprecated("use x"): text, may be empty
};

// What the labels of data protection say; a set.
enum Label : std::uint8_t { kNoLabel = 0, kPii = 1, kSecret = 2 };
using Labels = std::uint8_t;

// What lets labelled data pass: `accepts pii` of a target, `drops pii` of a step, `reveal pii` of an answer.
struct Gate {
  Label label = kNoLabel;
  std::vector<std::string> path;  // of `reveal todo.owner`, which has no label: the data that it names
  Span span;
  Span clause;  // with its keyword, when it stands alone there
};
using Gates = std::vector<Gate>;

[[nodiscard]] inline Labels labels_of(const Gates& gates) {
  Labels labels = kNoLabel;
  for (const Gate& gate : gates)
    labels |= gate.label;
  return labels;
}

// A literal that is known when the file is compiled: a field's default, a bound of @range.
struct Constant {
  enum class Kind : std::uint8_t {
    kNull,
    kBool,
    kInteger,
    kFloat,
    kString,
    kDuration,
    kEnumerator,
    kEmptyList,
    kEmptyMap
  };
  Kind kind = Kind::kNull;
  bool boolean = false;
  bool negative = false;      // of kInteger and kDuration, whose magnitude is `integer`
  std::uint64_t integer = 0;  // kInteger; nanoseconds of kDuration; index of kEnumerator
  double floating = 0;
  std::string text;  // kString, and the spelling of decimals
};

struct LengthTrait {
  std::optional<std::uint64_t> least, most;
};  // code points of a string, bytes, elements of a list or map; inclusive
struct RangeTrait {
  std::optional<Constant> least, most;
};  // inclusive
struct Traits {
  Boxed<LengthTrait> length;
  Boxed<RangeTrait> range;
  Boxed<std::string> pattern;  // regular expression, whole match, RE2's syntax
  Labels labels = kNoLabel;
};

// `@field(3, fixed)`: how a field is written in Protocol Buffers.
enum class WireForm : std::uint8_t { kPlain, kSigned, kFixed, kFloat };
struct FieldNumber {
  std::uint32_t number = 0;
  WireForm form = WireForm::kPlain;
  Span span;  // of the trait
};

struct Scalar {
  Origin origin;
  TypeId base;
  Traits traits;
};

struct Field {
  Origin origin;
  std::string json_name;
  TypeId type;
  Boxed<Constant> default_value;
  Traits traits;
  Boxed<FieldNumber> number;
};

struct Struct {
  Origin origin;
  std::vector<Field> fields;
  bool is_message = false;  // its fields have numbers: it can be sent as Protocol Buffers
};

struct Enumerator {
  Origin origin;
  std::string json_name;
  std::optional<std::uint32_t> number;  // in Protocol Buffers
};
struct Enum {
  Origin origin;
  std::vector<Enumerator> values;
  bool has_numbers = false;  // each has one
};

struct ExternType {
  Origin origin;
  std::string cpp_name, header;
  bool opaque = false;
};

// The six ways in which an operation or the parsing of a request part fails; a set.
enum Kind : std::uint8_t {
  kInvalid = 1,
  kMissing = 2,
  kConflict = 4,
  kRejected = 8,
  kUnavailable = 16,
  kTimeout = 32
};
using Kinds = std::uint8_t;

// Errors that belong together. `http_status` is that of its errors that say none.
struct Domain {
  Origin origin;
  std::optional<std::uint16_t> http_status;
};

struct ErrorType {
  Origin origin;
  Span begin;  // empty, before its traits: where another one may be put
  std::vector<Field> fields;
  std::optional<std::uint16_t> http_status;  // its own, else that of its domain
  Kinds kinds = 0;
  bool retryable = false;
  DomainId domain;  // none: its package is its domain
};

}  // namespace zc::model
