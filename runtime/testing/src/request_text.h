// Requests and responses of tests, as a flow sees them.
#pragma once

#include <zerver/core/message.h>
#include <zerver/flow/exchange.h>
#include <zerver/testing/req_test.h>

#include <vector>

namespace zerver::testing {

// Sets the request to what the text says; it refers to the text, whose body is made longer by the room that a
// parser wants behind it, and to `headers`.
void set_request(Request& request, RequestText& text, std::vector<Header>& headers);

// A copy, for a flow was found.
ResponseText response_text(const Response& response);

}  // namespace zerver::testing
