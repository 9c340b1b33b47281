#include "items/item_stream.h"

#include "zerver.flow.h"
#include <zerver/core/message.h>
#include <zerver/flow/data/text.h>
#include <zerver/flow/worker.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

namespace zerver::effects::http_client {

namespace {

// So many elements, of so many bytes, at most are values at once.
constexpr std::size_t kMostOfPart = 64;
constexpr std::size_t kMostBytesOfPart = std::size_t{64} << 10;

// Whatever is none of events is lines: they go by many names, `application/json` among them.
ItemReader::Framing framing_of(std::span<const Header> headers) noexcept {
  constexpr std::string_view kEvents = "text/event-stream";
  const Header* const type = find_header(headers, "content-type");
  const bool is_events =
      type != nullptr && equals_ignoring_case(type->value.substr(0, kEvents.size()), kEvents);
  return is_events ? ItemReader::Framing::kEvents : ItemReader::Framing::kLines;
}

std::string_view until_of(const flow::Operation& operation) noexcept {
  if (operation.index() == HttpAdapter::GetItemsArguments::kOperation)
    return static_cast<const HttpAdapter::GetItemsArguments*>(operation.arguments())->until;
  return static_cast<const HttpAdapter::PostItemsArguments*>(operation.arguments())->until;
}

}  // namespace

class ItemStreams::ItemStream final : public BodyStream {
 public:
  explicit ItemStream(ItemStreams& owner) : owner_(owner), arena_(owner.worker_.limits().arena_bytes) {}

  // Directly before begin(). May throw std::bad_alloc.
  void prepare(const flow::Operation& operation, const HttpResponse& head) {
    until_ = until_of(operation);
    items_.begin(framing_of(head.headers), owner_.most_);
    read_items_ = operation.read_items();
    position_ = 0;
    is_ended_ = is_at_last_ = has_wrong_ = false;
  }
  using BodyStream::begin;

 private:
  void append(std::string_view bytes) override { items_.append(bytes); }

  void make_part() override {
    if (has_wrong_) return fail(wrong_);
    arena_.reset();
    const ItemReader::Taken taken = take_texts();
    if (!owner_.texts_.empty()) return read_texts();
    if (taken == ItemReader::Taken::kTooLarge)
      return fail({FaultKind::kUnavailable,
                   flow::concat(arena_, {"element ", position_, " of its answer is too large"}),
                   {}});
    if (is_at_last_) return set_end();
    if (!is_ended_) return;
    if (!items_.is_cut_off()) return set_end();
    fail({FaultKind::kUnavailable,
          flow::concat(arena_, {"element ", position_, " of its answer is cut off"}),
          {}});
  }

  void end_body() noexcept override { is_ended_ = true; }
  void closed() noexcept override {
    forget();
    owner_.streams_.give_back(*this);
  }

  // Those that are complete.
  ItemReader::Taken take_texts() {
    owner_.texts_.clear();
    std::size_t bytes = 0;
    while (!is_at_last_ && owner_.texts_.size() < kMostOfPart && bytes < kMostBytesOfPart) {
      std::string_view text;
      ItemReader::Taken taken = items_.take(text);
      if (taken == ItemReader::Taken::kMore && is_ended_) taken = items_.take_last(text);
      if (taken != ItemReader::Taken::kItem) return taken;
      is_at_last_ = !until_.empty() && text == until_;
      if (!is_at_last_) owner_.texts_.push_back({.text = text, .readable = ItemReader::kReadable});
      bytes += text.size();
    }
    return ItemReader::Taken::kMore;
  }

  void read_texts() {
    flow::JsonReader& json = owner_.worker_.json_reader();
    const std::span<const flow::Document> texts = owner_.texts_;
    const Result<flow::ItemsRead> read = read_items_(json, arena_, texts, position_);
    if (!read) return fail(read.error());
    position_ += read->count;
    set_part(read->list);
    if (read->count == texts.size()) return;
    // What comes before an element that is wrong is told first.
    wrong_ = read_items_(json, arena_, texts.subspan(read->count, 1), position_).error();
    has_wrong_ = true;
  }

  ItemStreams& owner_;
  ItemReader items_;
  Arena arena_;  // of one part
  std::string until_;
  flow::ReadItems read_items_ = nullptr;
  std::uint64_t position_ = 0;  // of the next element
  Fault wrong_;
  bool is_ended_ = false;    // the body
  bool is_at_last_ = false;  // `until_` has come
  bool has_wrong_ = false;
};

ItemStreams::ItemStreams(flow::Worker& worker, std::size_t most) : worker_(worker), most_(most) {}
ItemStreams::~ItemStreams() = default;

bool ItemStreams::cancel(const flow::Operation& operation) noexcept { return streams_.cancel(operation); }

void ItemStreams::open(flow::Operation& operation, const HttpResponse& head, HttpBody& body) {
  ItemStream* stream = nullptr;
  try {
    stream = &streams_.take([this] { return std::make_unique<ItemStream>(*this); });
    stream->prepare(operation, head);
  } catch (const std::bad_alloc&) {
    if (stream != nullptr) streams_.give_back(*stream);
    body.close();
    return flow::ReplyBase(operation).fail(
        {FaultKind::kUnavailable, "there is no memory for its answer", {}});
  }
  stream->begin(operation, body);
}

}  // namespace zerver::effects::http_client
