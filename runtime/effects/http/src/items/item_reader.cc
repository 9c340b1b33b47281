#include "items/item_reader.h"

#include <algorithm>
#include <cstring>

namespace zerver::effects::http_client {

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kJsonSpace = " \t\r";
// Lines of an event that are no data are dropped from it when they have come to so much.
constexpr std::size_t kMostOfOthers = std::size_t{16} << 10;

std::string_view trimmed(std::string_view text) noexcept {
  text.remove_prefix(std::min(text.find_first_not_of(kJsonSpace), text.size()));
  return text.substr(0, text.find_last_not_of(kJsonSpace) + 1);
}

std::string_view without_mark(std::string_view line) noexcept {
  if (line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
  return line;
}

}  // namespace

void ItemReader::begin(Framing framing, std::size_t most) {
  bytes_.reset(kCapacity);
  most_ = most;
  line_ = scanned_ = data_end_ = 0;
  framing_ = framing;
  has_data_ = is_behind_return_ = false;
  is_first_line_ = true;
}

void ItemReader::append(std::string_view part) {
  std::memcpy(bytes_.prepare(part.size()).data(), part.data(), part.size());
  bytes_.commit(part.size());
}

ItemReader::Taken ItemReader::take(std::string_view& text) noexcept {
  return framing_ == Framing::kLines ? take_line(text) : take_event(text);
}

ItemReader::Taken ItemReader::take_last(std::string_view& text) noexcept {
  if (framing_ == Framing::kEvents) return Taken::kMore;
  text = trimmed(is_first_line_ ? without_mark(bytes_.view()) : bytes_.view());
  consume(bytes_.size());
  return text.empty() ? Taken::kMore : Taken::kItem;
}

bool ItemReader::is_cut_off() const noexcept {
  const std::string_view rest = bytes_.view().substr(line_);
  return framing_ == Framing::kEvents && (has_data_ || (!rest.empty() && !rest.starts_with(':')));
}

void ItemReader::consume(std::size_t size) noexcept {
  bytes_.consume(size);
  line_ = scanned_ = 0;
}

ItemReader::Taken ItemReader::take_line(std::string_view& text) noexcept {
  for (;;) {
    const std::string_view bytes = bytes_.view();
    const std::size_t end = bytes.find('\n', scanned_);
    scanned_ = bytes.size();
    if (std::min(end, bytes.size()) > most_) return Taken::kTooLarge;
    if (end == std::string_view::npos) return Taken::kMore;
    const std::string_view line = bytes.substr(0, end);
    text = trimmed(is_first_line_ ? without_mark(line) : line);
    is_first_line_ = false;
    consume(end + 1);
    if (!text.empty()) return Taken::kItem;
  }
}

ItemReader::Taken ItemReader::take_event(std::string_view& text) noexcept {
  for (;;) {
    const std::string_view bytes = bytes_.view();
    if (is_behind_return_ && line_ < bytes.size()) {
      is_behind_return_ = false;
      if (bytes[line_] == '\n') scanned_ = ++line_;
    }
    const std::size_t end = bytes.find_first_of("\r\n", scanned_);
    scanned_ = bytes.size();
    if (data_end_ + (std::min(end, bytes.size()) - line_) > most_) return Taken::kTooLarge;
    if (end == std::string_view::npos) return Taken::kMore;
    std::string_view line = bytes.substr(line_, end - line_);
    if (is_first_line_) line = without_mark(line);
    is_first_line_ = false;
    is_behind_return_ = bytes[end] == '\r';
    line_ = scanned_ = end + 1;
    if (!line.empty()) {
      take_field(line);
      continue;
    }
    text = bytes.substr(0, data_end_);
    consume(line_);
    data_end_ = 0;
    has_data_ = false;
    if (!text.empty()) return Taken::kItem;
  }
}

// What is behind the data that there are: more of them, or nothing that matters.
void ItemReader::take_field(std::string_view line) noexcept {
  const std::size_t colon = std::min(line.find(':'), line.size());
  const bool is_data = line.substr(0, colon) == "data";
  if (!is_data && !has_data_) return consume(line_);
  if (is_data) {
    std::string_view value = line.substr(std::min(colon + 1, line.size()));
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (!has_data_) {
      const std::size_t rest = line_ - static_cast<std::size_t>(value.data() - bytes_.data());
      consume(line_ - rest);
      line_ = scanned_ = rest;
      has_data_ = true;
    } else {
      // It moves to the front, over what was the end of a line at least.
      bytes_.data()[data_end_++] = '\n';
      std::memmove(bytes_.data() + data_end_, value.data(), value.size());
    }
    data_end_ += value.size();
  }
  if (line_ - data_end_ < kMostOfOthers) return;
  bytes_.erase(data_end_, line_);
  line_ = scanned_ = data_end_;
}

}  // namespace zerver::effects::http_client
