// Hands a request to the package that has a flow for it.
#include "service_router.h"

#include <zerver/core/output_buffer.h>
#include <zerver/flow/request/problem.h>

#include <array>
#include <string_view>

namespace zerver::server {
namespace {

using flow::Exchange;
using flow::Handled;
using flow::MethodSet;
using flow::RouteMatch;

constexpr std::array kListed = {Method::kGet,   Method::kHead,   Method::kPost,  Method::kPut,
                                Method::kPatch, Method::kDelete, Method::kTrace, Method::kOptions};

// `GET, HEAD, OPTIONS`, in the exchange's arena. OPTIONS is always answered, HEAD wherever GET is.
std::string_view allow_text(Exchange& exchange, MethodSet allowed) {
  allowed.add(Method::kOptions);
  if (allowed.contains(Method::kGet)) allowed.add(Method::kHead);
  OutputBuffer& text = exchange.body_buffer();
  text.clear();
  for (const Method method : kListed) {
    if (!allowed.contains(method)) continue;
    if (!text.empty()) text.append(", ");
    text.append(method_name(method));
  }
  return exchange.arena().text(text.view());
}

void add_allow(Exchange& exchange, std::string_view text) {
  // The response has been reset: there is room.
  static_cast<void>(exchange.response.add_header("Allow", text));
}

void answer_options(Exchange& exchange, MethodSet allowed) {
  const std::string_view text = allow_text(exchange, allowed);
  exchange.response.reset();
  exchange.response.status = 204;
  add_allow(exchange, text);
}

MethodSet methods_of(std::span<const BoundPackage> packages) {
  MethodSet methods;
  for (const BoundPackage& bound : packages) {
    for (const flow::FlowInfo& flow : bound.package->flows) {
      for (const Method method : kListed) {
        if (flow.method.empty() || flow.method == method_name(method)) methods.add(method);
      }
    }
  }
  return methods;
}

}  // namespace

Handled route(std::span<const BoundPackage> packages, ServedExchange& exchange) {
  const Request& request = exchange.request;
  if (request.method == Method::kConnect) {
    flow::answer_problem(exchange, 501, "this is not a proxy");
    exchange.response.close = true;  // what follows would be the tunnel's bytes
    return Handled::kNow;
  }
  if (request.path == "*") {
    answer_options(exchange, methods_of(packages));
    return Handled::kNow;
  }
  MethodSet allowed;
  for (std::size_t position = 0; position < packages.size(); ++position) {
    const BoundPackage& bound = packages[position];
    RouteMatch match;
    exchange.package = static_cast<std::uint16_t>(position);
    exchange.set_targets(bound.targets, bound.rates);
    const Handled handled = bound.package->handle(exchange, match);
    if (match.found) {
      if (handled == Handled::kNow) exchange.note_end();
      return handled;
    }
    allowed.add(match.allowed);
  }
  if (allowed.empty()) {
    flow::answer_problem(exchange, 404);
  } else if (request.method == Method::kOptions) {
    answer_options(exchange, allowed);
  } else {
    const std::string_view text = allow_text(exchange, allowed);
    flow::answer_problem(exchange, 405);
    add_allow(exchange, text);
  }
  return Handled::kNow;
}

}  // namespace zerver::server
