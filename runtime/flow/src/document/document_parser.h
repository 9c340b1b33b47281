// What a JsonReader keeps from one document to the next.
#pragma once

#include "document/message_pack.h"
#include <zerver/core/output_buffer.h>
#include <zerver/flow/data/json_reader.h>

#include <simdjson.h>

#include <optional>

namespace zerver::flow {

struct JsonReader::Parser {
  simdjson::dom::parser parser;
  OutputBuffer padded;                      // a copy of a text that has nothing readable behind it
  OutputBuffer widened;                     // a copy of one with numbers that are larger than any integer
  OutputBuffer text;                        // of a value of the type `json`
  std::optional<MessagePackParser> packed;  // when there has been one to parse
};

}  // namespace zerver::flow
