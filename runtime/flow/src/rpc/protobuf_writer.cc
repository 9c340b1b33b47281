#include <zerver/flow/rpc/protobuf_writer.h>

#include <bit>
#include <cstring>

namespace zerver::flow {

namespace {

constexpr std::size_t kLongestVarint = 10;

std::size_t write_varint(char* to, std::uint64_t value) noexcept {
  std::size_t size = 0;
  for (; value >= 0x80; value >>= 7U)
    to[size++] = static_cast<char>(value | 0x80U);
  to[size++] = static_cast<char>(value);
  return size;
}

}  // namespace

void ProtobufWriter::varint(std::uint64_t value) {
  out_->commit(write_varint(out_->reserve(kLongestVarint), value));
}

void ProtobufWriter::fixed32(std::uint32_t value) {
  char* const to = out_->reserve(sizeof value);
  for (std::size_t i = 0; i < sizeof value; ++i)
    to[i] = static_cast<char>(value >> (8U * i));
  out_->commit(sizeof value);
}

void ProtobufWriter::fixed64(std::uint64_t value) {
  char* const to = out_->reserve(sizeof value);
  for (std::size_t i = 0; i < sizeof value; ++i)
    to[i] = static_cast<char>(value >> (8U * i));
  out_->commit(sizeof value);
}

// One byte is kept free, which is enough for what is shorter than 128 bytes.
std::size_t ProtobufWriter::begin() {
  out_->append('\0');
  return out_->size();
}

void ProtobufWriter::end(std::size_t begin) {
  const std::size_t size = out_->size() - begin;
  const std::size_t more = (std::bit_width(size | 1U) + 6U) / 7U - 1;
  if (more != 0) {
    out_->reserve(more);
    out_->commit(more);
    std::memmove(out_->data() + begin + more, out_->data() + begin, size);
  }
  write_varint(out_->data() + begin - 1, size);
}

}  // namespace zerver::flow
