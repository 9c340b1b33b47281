#include "request_text.h"

#include <algorithm>

namespace zerver::testing {

void set_request(Request& request, RequestText& text, std::vector<Header>& headers) {
  const std::string_view target = text.target;
  const std::size_t question = std::min(target.find('?'), target.size());
  request.method = text.method;
  request.method_name = method_name(text.method);
  request.target = target;
  request.path = target.substr(0, question);
  request.has_query = question < target.size();
  request.query = request.has_query ? target.substr(question + 1) : std::string_view();
  headers.clear();
  for (const auto& [name, value] : text.headers)
    headers.push_back({name, value});
  request.headers = headers;
  request.client_ip = "192.0.2.1";
  const std::size_t size = text.body.size();
  text.body.resize(size + Request::kBodyPadding);
  request.body = std::string_view(text.body).substr(0, size);
}

ResponseText response_text(const Response& response) {
  ResponseText text;
  text.status = response.status;
  text.content_type = response.content_type;
  text.body = response.body;
  for (const Header& header : response.headers())
    text.headers.emplace_back(header.name, header.value);
  return text;
}

std::string_view ResponseText::header(std::string_view name) const noexcept {
  const auto field =
      std::ranges::find(headers, name, [](const auto& pair) -> std::string_view { return pair.first; });
  return field == headers.end() ? std::string_view() : std::string_view(field->second);
}

}  // namespace zerver::testing
