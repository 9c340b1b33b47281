#include "reply_reader.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

namespace zerver::effects::redis {

namespace {

std::optional<std::int64_t> parse_integer(std::string_view text) noexcept {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

Fault fault_of(const Reply& error) noexcept {
  for (const std::string_view code : {"LOADING", "CLUSTERDOWN", "TRYAGAIN", "MASTERDOWN", "READONLY", "BUSY",
                                      "OOM", "MISCONF", "NOREPLICAS", "MOVED", "ASK"}) {
    if (error.is_error(code)) return {FaultKind::kUnavailable, String::borrowed(error.text), {}};
  }
  return {FaultKind::kInternal, String::borrowed(error.is_error() ? error.text : "an unexpected reply"), {}};
}

std::span<char> ReplyReader::room(std::size_t at_least) {
  if (bytes_.size() - end_ < at_least && begin_ > 0) {
    std::memmove(bytes_.data(), bytes_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    scanned_ -= begin_;
    begin_ = 0;
  }
  if (bytes_.size() - end_ < at_least) bytes_.resize(std::max(bytes_.size() * 2, end_ + at_least));
  return std::span(bytes_).subspan(end_);
}

void ReplyReader::reset() noexcept {
  begin_ = end_ = scanned_ = elements_ = 0;
  missing_ = 1;
  open_.clear();
}

ReplyReader::Next ReplyReader::line_at(std::size_t position, Line& line) const noexcept {
  const std::string_view rest(bytes_.data() + position, end_ - position);
  const std::size_t end = rest.find('\n');
  if (end == std::string_view::npos) return rest.size() > kLongestLine ? Next::kBroken : Next::kNothing;
  if (end < 2 || rest[end - 1] != '\r') return Next::kBroken;
  line = {rest.substr(1, end - 2), rest[0], end + 1};
  return Next::kReply;
}

ReplyReader::Next ReplyReader::scan() noexcept {
  for (;;) {
    Line line;
    if (const Next found = line_at(scanned_, line); found != Next::kReply) return found;
    std::size_t size = line.size;
    std::size_t inner = 0;
    if (line.type == '$' || line.type == '*') {
      const std::optional<std::int64_t> count = parse_integer(line.text);
      if (!count || *count < -1) return Next::kBroken;
      const auto length = static_cast<std::size_t>(std::max<std::int64_t>(*count, 0));
      if (line.type == '*') {
        inner = length;
        if (inner > kMostElements || elements_ + inner > kMostElements) return Next::kBroken;
      } else if (*count >= 0) {
        if (length > kLongestText) return Next::kBroken;
        size += length + 2;
        if (end_ - scanned_ < size) return Next::kNothing;
        if (std::memcmp(bytes_.data() + scanned_ + size - 2, "\r\n", 2) != 0) return Next::kBroken;
      }
    } else if (line.type == ':') {
      if (!parse_integer(line.text)) return Next::kBroken;
    } else if (line.type != '+' && line.type != '-') {
      return Next::kBroken;
    }
    scanned_ += size;
    ++elements_;
    --missing_;
    if (inner > 0) {
      if (open_.size() + 1 >= static_cast<std::size_t>(kDeepest)) return Next::kBroken;
      open_.push_back(missing_);
      missing_ = inner;
    }
    while (missing_ == 0 && !open_.empty()) {
      missing_ = open_.back();
      open_.pop_back();
    }
    if (missing_ == 0) return Next::kReply;
  }
}

// Of bytes that have been scanned. All nodes of a list stand side by side, in front of those of its lists.
void ReplyReader::build(Reply& reply, std::size_t& position) noexcept {
  Line line;
  static_cast<void>(line_at(position, line));
  position += line.size;
  reply = {};
  const auto number = [&line] { return parse_integer(line.text).value_or(0); };
  switch (line.type) {
    case '+':
    case '-':
      reply.kind = line.type == '+' ? Reply::Kind::kText : Reply::Kind::kError;
      reply.text = line.text;
      break;
    case ':':
      reply.kind = Reply::Kind::kInteger;
      reply.integer = number();
      break;
    case '$':
      if (number() < 0) break;
      reply.kind = Reply::Kind::kText;
      reply.text = {bytes_.data() + position, static_cast<std::size_t>(number())};
      position += reply.text.size() + 2;
      break;
    default: {
      if (number() < 0) break;
      reply.kind = Reply::Kind::kList;
      reply.count = static_cast<std::size_t>(number());
      const std::size_t first = nodes_.size();
      nodes_.resize(first + reply.count);  // within what was reserved
      reply.items = nodes_.data() + first;
      for (std::size_t i = 0; i < reply.count; ++i)
        build(nodes_[first + i], position);
    }
  }
}

ReplyReader::Next ReplyReader::next(Reply& reply) {
  const Next found = scan();
  if (found != Next::kReply) return found;
  nodes_.clear();
  nodes_.reserve(elements_);
  std::size_t position = begin_;
  build(reply, position);
  begin_ = scanned_ = position;
  missing_ = 1;
  elements_ = 0;
  return Next::kReply;
}

}  // namespace zerver::effects::redis
