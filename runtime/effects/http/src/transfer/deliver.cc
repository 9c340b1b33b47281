// What becomes of a response: another request, a reply, or a fault.
#include "client.h"
#include "message/answers.h"
#include "zerver.flow.h"
#include <zerver/core/clock.h>
#include <zerver/flow/data/utf8.h>

#include <algorithm>
#include <new>
#include <optional>
#include <utility>

namespace zerver::effects::http_client {

namespace {

// What is small on the wire may be large in memory: so much more at most, but for small ones.
constexpr std::size_t kDecodedRatio = 100;
constexpr std::size_t kDecodedAnyway = std::size_t{1} << 20;
constexpr std::size_t kLongestDocument = std::size_t{16} << 10;  // of one that errors take fields of

std::string_view value_of(std::span<const Header> headers, std::string_view lower_case_name) noexcept {
  const Header* const header = find_header(headers, lower_case_name);
  return header == nullptr ? std::string_view() : header->value;
}

bool is_redirect(std::uint16_t status) noexcept {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// Whoever cannot ask further, or does not get to it, may do so elsewhere. All else is an answer.
Balancer::Verdict verdict_of(std::uint16_t status) noexcept {
  return status >= 502 && status <= 504 ? Balancer::Verdict::kBad : Balancer::Verdict::kGood;
}

String lower_case(std::string_view text, Arena& arena) {
  const std::span<char> copy = arena.make_array<char>(text.size());
  std::ranges::transform(text, copy.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return String::borrowed({copy.data(), copy.size()});
}

// Names in lower case, values of one name joined (RFC 9110, 5.3).
Map<String> make_fields(std::span<const Header> headers, Arena& arena) {
  const std::span<Map<String>::Entry> entries = arena.make_array<Map<String>::Entry>(headers.size());
  std::size_t size = 0;
  for (const Header& header : headers) {
    const String name = lower_case(header.name, arena);
    const auto end = entries.begin() + static_cast<std::ptrdiff_t>(size);
    const auto known =
        std::find_if(entries.begin(), end, [&](const auto& entry) { return entry.key == name; });
    if (known == end) {
      entries[size++] = {name, arena.text(header.value)};
    } else {
      known->value = arena.text({known->value, ", ", header.value});
    }
  }
  return Map<String>::borrowed(entries.first(size));
}

}  // namespace

void Client::responded(Transfer& transfer, std::uint16_t status, std::span<const Header> headers,
                       std::string_view body) noexcept {
  shared_.note_answer(loop().now());
  judge(transfer, verdict_of(status));
  leave(transfer);
  try {
    if (transfer.receiver != nullptr) {
      transfer.receiver->receive(*transfer.operation, {status, headers, transfer.trailers(), body});
      return recycle(transfer);
    }
    if (is_redirect(status) && transfer.redirects_left != 0 && follow(transfer, status, headers)) return;
    deliver(transfer, status, headers, body);
  } catch (const std::bad_alloc&) {
    finish(transfer, {FaultKind::kUnavailable, "its answer is larger than the memory of the request", {}});
  }
}

bool Client::opened(Transfer& transfer, std::uint16_t status, std::span<const Header> headers) noexcept {
  shared_.note_answer(loop().now());
  judge(transfer, verdict_of(status));
  try {
    if (const Result<void> begun =
            transfer.download.begin(value_of(headers, "content-encoding"), value_of(headers, "content-type"));
        !begun) {
      transfer.abandon(false);
      finish(transfer, begun.error());
      return false;
    }
  } catch (const std::bad_alloc&) {
    transfer.abandon(false);
    finish(transfer, {FaultKind::kUnavailable, "there is no memory for its answer", {}});
    return false;
  }
  if (transfer.streams == nullptr) {
    transfer.download.expect_first_part();
    return true;
  }
  const std::uint64_t use = transfer.uses;
  flow::Operation& operation = *std::exchange(transfer.operation, nullptr);
  transfer.streams->open(operation, {status, headers, {}, {}}, transfer.download);
  return transfer.uses == use;
}

bool Client::follow(Transfer& transfer, std::uint16_t status, std::span<const Header> headers) {
  if (transfer.is_queued()) return false;  // it cannot be sent again before that has run
  const std::string_view location = value_of(headers, "location");
  std::optional<Url> target = location.empty() ? std::nullopt : resolve(transfer.request.url(), location);
  if (!target || !transfer.request.redirect(status, *std::move(target))) return false;
  Host* const host = host_of(transfer.request.origin());
  if (host == nullptr) return false;
  --transfer.redirects_left;
  transfer.repeats = 0;
  transfer.host = host;
  acquire(transfer);
  return true;
}

// Of an answer to those who have asked for MessagePack.
flow::Format Client::format_of(std::span<const Header> headers) const noexcept {
  const bool is_packed = settings_.format == flow::Format::kMessagePack &&
                         flow::is_message_pack(value_of(headers, "content-type"));
  return is_packed ? flow::Format::kMessagePack : flow::Format::kJson;
}

void Client::deliver(Transfer& transfer, std::uint16_t status, std::span<const Header> headers,
                     std::string_view body) {
  flow::Operation& operation = *transfer.operation;
  Arena& arena = operation.arena();
  const std::string_view codings = value_of(headers, "content-encoding");
  if (!codings.empty() && !body.empty()) {
    const std::size_t limit =
        std::min(settings_.max_body, std::max(kDecodedAnyway, body.size() * kDecodedRatio));
    if (const Result<void> decoded = decoder_.decode(codings, body, limit, decoded_); !decoded)
      return finish(transfer, decoded.error());
    body = decoded_.view();
  }
  const bool is_answer = status / 100 == 2 || (transfer.form == Form::kAnswer && status < 400);
  if (!is_answer) {
    Fault fault{kind_of_status(status, operation.fails()),
                {},
                {},
                status,
                retry_after(value_of(headers, "retry-after"), worker_.clock().wall())};
    std::string_view type = value_of(headers, "content-type");
    if (format_of(headers) == flow::Format::kMessagePack && body.size() <= kLongestDocument) {
      const flow::JsonValue* const document =
          worker_.json_reader().parse({.text = body, .format = flow::Format::kMessagePack}, arena);
      Json json;
      if (document != nullptr && document->read(json)) {
        body = json.view();
        type = flow::kJsonType;
      }
    }
    fault.why = reason(status, type, body, worker_.json_reader(), arena);
    if (is_json(type) && body.size() <= kLongestDocument) fault.document = String::borrowed(body);
    return finish(transfer, fault);
  }
  // The flow goes on from within; the transfer stays as it is until then, for the body is in it.
  switch (transfer.form) {
    case Form::kJson:
      flow::JsonReply(operation).json(body.empty() ? "null" : body,
                                      body.empty() ? flow::Format::kJson : format_of(headers));
      break;
    case Form::kNothing:
      flow::Reply<void>(operation).succeed();
      break;
    case Form::kText: {
      if (!flow::is_utf8(body))
        return finish(transfer, {FaultKind::kUnavailable, "its answer is not UTF-8", {}});
      const String text = arena.text(body);
      flow::Reply<String>(operation).succeed(text);
      break;
    }
    case Form::kBytes: {
      const Bytes bytes = Bytes::borrowed(arena.text(body));
      flow::Reply<Bytes>(operation).succeed(bytes);
      break;
    }
    // One that has no body of its own is none that is handed out.
    case Form::kStream:
      break;
    case Form::kAnswer: {
      const HttpAnswer answer{.status = status,
                              .headers = make_fields(headers, arena),
                              .body = Bytes::borrowed(arena.text(body))};
      flow::Reply<HttpAnswer>(operation).succeed(answer);
      break;
    }
  }
  recycle(transfer);
}

}  // namespace zerver::effects::http_client
