// What stands in the generated header: types, adapters, and the frames of steps.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace zc::plan {

using Lines = std::vector<std::string>;

struct FieldPlan {
  std::string name, type, initializer;  // `initializer`: " = false" or "{}"
  Lines doc;
  std::string deprecated;  // text of [[deprecated]]; "" when it is not
  bool is_deprecated = false;
};

// A value constraint: `condition` over the C++ expression `value`, and what is said when it is false.
struct CheckPlan {
  std::string condition, why;
};

struct ScalarPlan {
  std::string base;
  std::vector<CheckPlan> checks;  // over `value.value`
  bool is_ordered = true;
};

struct EnumeratorPlan {
  std::string name, json;  // kLow, "low" as a C++ literal
  Lines doc;
  std::string number = {};  // in Protocol Buffers; may be empty
};

// One field of a message: "3", "<zerver::flow::ProtobufForm::kFixed>" or nothing, and the C++ member.
struct MessageFieldPlan {
  std::string number, form, name;
  bool is_gathered = false;  // a list, a map or a message, which may come in parts
};

struct CodecFieldPlan {
  std::string name;       // the C++ member
  std::string json;       // its JSON name as a C++ literal
  std::string key;        // the same as JSON has it, escaped, without quotes
  std::string column;     // its column's name as a C++ literal
  bool required = false;  // neither a default nor optional
  bool is_optional = false;
  std::vector<CheckPlan> checks;  // over `out.member`
  std::string number = {};        // in Protocol Buffers; may be empty
};

struct TypePlan {
  enum class Kind : std::uint8_t { kScalar, kEnum, kStruct, kError };
  Kind kind = Kind::kStruct;
  std::string name;
  std::string spelled;    // `name` where a member or a parameter may hide it
  std::string title;      // of an error, for people: "not found"
  std::string flow_name;  // qualified: "todo.v1.Todo"
  Lines doc;
  std::string deprecated;
  bool is_deprecated = false;
  ScalarPlan scalar;
  std::vector<EnumeratorPlan> values;  // kEnum
  std::vector<FieldPlan> fields;       // kStruct, kError
  std::vector<CodecFieldPlan> codec;   // kStruct
  bool has_json = false;               // can be read and written as JSON
  bool has_equality = true;
  bool has_row = false;                        // can be read from a row
  bool is_used_ahead = false;                  // by a type that comes before it
  bool has_protobuf = false;                   // can be read and written as Protocol Buffers
  std::vector<MessageFieldPlan> message = {};  // kStruct
};

// How an operation is called over gRPC.
struct RpcPlan {
  std::string path;      // "/people.v1.People/GetPerson" as a C++ literal; empty: it is no such call
  std::string function;  // write_get_person, which writes its message; empty: it takes a stream of them
  std::string requests;  // zerver::flow::request_stream<Arguments, &Arguments::people>, of such a stream
  std::string answer;    // zerver::flow::answer_rpc<Person>; empty: it opens a stream
  std::string part;      // zerver::flow::read_rpc_part<Person>, of such a stream
  std::string whole;     // the one parameter that is the message; empty: its parameters are the fields
  std::vector<MessageFieldPlan> message;
};

struct OperationPlan {
  std::string name;       // the virtual function
  std::string arguments;  // OneArguments
  std::string constant;   // kOne
  std::string reply;      // zerver::flow::RowsReply
  bool commits = false;   // an implementation need not have it
  std::vector<FieldPlan> parameters;
  Lines doc;
  std::string flow_name;  // a C++ literal
  std::string access;     // kRead, of zerver::flow::OperationInfo::Access
  bool idempotent = false, stream = false;
  bool opens = false;              // its result is a stream; an implementation need not have it
  bool takes = false;              // some parameter is one
  std::vector<std::string> fails;  // enumerators of FaultKind
  RpcPlan rpc = {};
};

// The arguments of an adapter's targets as a struct.
struct ConfigurationPlan {
  struct Parameter {
    FieldPlan field;
    std::string flow_name;  // a C++ literal
    std::string read;       // the function of ConfigReader
    std::string expected;   // what it takes, a C++ literal
  };
  std::string name;  // SqlConfig; empty: there are no parameters
  std::vector<Parameter> parameters;
};

struct AdapterPlan {
  std::string name;  // SqlAdapter
  std::string flow_name;
  Lines doc;
  std::vector<OperationPlan> operations;
  std::string table;      // kOperations: what is known of them
  std::string rpcs = {};  // kRpcs: how they are called over gRPC; empty: they are not
  ConfigurationPlan configuration = {};
};

// One slot as a step's view offers it.
struct AccessPlan {
  bool is_struct = false;  // made in braces, where a template cannot tell the type
  std::string name;        // the function: `left`
  std::string setter;      // `set_left`
  std::string member;      // `left_`
  std::string type;
  std::string flow_name;  // as written in the step: `auth.user`
  Lines doc;
  bool reads = false, optional_read = false;
  bool writes = false, optional_write = false;
  std::uint32_t bit = 0;  // of what is written, in the view's mask
  std::string deprecated;
  bool is_deprecated = false;
};

struct DecisionPlan {
  enum class Kind : std::uint8_t { kFail, kDone, kNeed, kInsert, kReplace };
  Kind kind = Kind::kFail;
  std::string enumerator;  // kNotFound, kDone, kNeedLoad
  std::string function;    // fail, done, need_load
  std::string type;        // of a failure: NotFound
  std::string member;      // of a failure: not_found
};

// A step whose body is a C++ function.
struct StepPlan {
  std::string name;        // the namespace
  std::string flow_name;   // "todo.v1.admit"
  std::string short_name;  // "admit"
  std::string file;        // "todo.flow", for messages
  std::string signature;   // as declared, for the comment: "step admit(left?) fails OverQuota"
  Lines doc;
  std::string deprecated;
  bool is_deprecated = false;
  std::vector<AccessPlan> slots;
  std::vector<DecisionPlan> decisions;
  bool may_done = false;
};

}  // namespace zc::plan
