#include <zerver/core/arena.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace zerver {

// A header in front of the memory that is handed out.
struct alignas(std::max_align_t) Arena::Block {
  Block* next;
  std::size_t size;  // of the memory behind the header

  char* begin() noexcept { return reinterpret_cast<char*>(this + 1); }
};

namespace {

void poison(char* begin, std::size_t size) noexcept { ASAN_POISON_MEMORY_REGION(begin, size); }

void unpoison(char* begin, std::size_t size) noexcept { ASAN_UNPOISON_MEMORY_REGION(begin, size); }

}  // namespace

const char* ArenaFull::what() const noexcept { return "the request's arena is full"; }

Arena::~Arena() {
  for (Block* block = first_; block != nullptr;) {
    Block* const next = block->next;
    unpoison(block->begin(), block->size);
    std::free(block);
    block = next;
  }
}

std::size_t Arena::used() const noexcept {
  return current_ == nullptr ? 0 : used_before_ + static_cast<std::size_t>(next_ - current_->begin());
}

std::size_t Arena::peak() const noexcept { return std::max(peak_, used()); }

// Goes on to the next block that was kept, when what is wanted fits there.
bool Arena::use_next_block(std::size_t size) noexcept {
  Block* const next = current_ == nullptr ? first_ : current_->next;
  if (next == nullptr || next->size < size) return false;
  used_before_ = used();
  current_ = next;
  next_ = next->begin();
  end_ = next_ + next->size;
  return true;
}

void* Arena::allocate_in_new_block(std::size_t size) noexcept {
  // Blocks begin at the largest alignment, so none is needed here. Each is as large as all before it.
  if (!use_next_block(size)) {
    const std::size_t wanted = std::max({kFirstBlock - sizeof(Block), reserved_, size});
    const std::size_t block_size = std::min(wanted, cap_ - std::min(cap_, reserved_));
    if (block_size < size) return nullptr;
    auto* const block = static_cast<Block*>(std::malloc(sizeof(Block) + block_size));
    if (block == nullptr) return nullptr;
    Block*& link = current_ == nullptr ? first_ : current_->next;
    block->next = link;
    block->size = block_size;
    link = block;
    reserved_ += block_size;
    poison(block->begin(), block_size);
    use_next_block(size);
  }
  char* const begin = next_;
  next_ += size;
  return hand_out(begin, size);
}

String Arena::text(std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (const std::string_view part : parts)
    size += part.size();
  if (size == 0) return {};
  char* const begin = static_cast<char*>(allocate(size, 1));
  char* at = begin;
  for (const std::string_view part : parts) {
    if (!part.empty()) std::memcpy(at, part.data(), part.size());
    at += part.size();
  }
  return String::borrowed({begin, size});
}

void Arena::reset() noexcept {
  if (first_ == nullptr) return;
  peak_ = peak();
  std::size_t kept = 0;
  for (Block** link = &first_; *link != nullptr;) {
    Block* const block = *link;
    unpoison(block->begin(), block->size);
    if (kept + block->size > kKept) {
      *link = block->next;
      reserved_ -= block->size;
      std::free(block);
    } else {
      kept += block->size;
      poison(block->begin(), block->size);
      link = &block->next;
    }
  }
  current_ = nullptr;
  used_before_ = 0;
  next_ = nullptr;
  end_ = nullptr;
  use_next_block(0);
}

}  // namespace zerver
