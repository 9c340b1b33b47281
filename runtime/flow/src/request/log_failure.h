// A step's failure in the log: what went wrong there is not the client's business.
#pragma once

#include <zerver/flow/exchange.h>

#include <string_view>

namespace zerver::flow {

// May throw ArenaFull.
void log_failure(Exchange& exchange, std::string_view why);
// What becomes of the exception that is being handled: the status of the answer. The log has it then.
std::uint16_t log_exception(Exchange& exchange) noexcept;

}  // namespace zerver::flow
