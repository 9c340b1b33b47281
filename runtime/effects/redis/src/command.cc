#include <zerver/effects/redis/command.h>

#include <openssl/evp.h>

#include <array>
#include <charconv>
#include <stdexcept>

namespace zerver::effects::redis {

namespace {

constexpr std::string_view kLineEnd = "\r\n";

void append_count(std::string& out, char type, std::size_t count) {
  std::array<char, 24> digits;
  const char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), count).ptr;
  out += type;
  out.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
  out += kLineEnd;
}

std::string sha1_of(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1)
    throw std::runtime_error("SHA-1 is not available");
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (unsigned i = 0; i < size; ++i) {
    hex += kDigits[digest[i] >> 4];
    hex += kDigits[digest[i] & 15];
  }
  return hex;
}

}  // namespace

Script::Script(std::string_view text) : text_(text), digest_(sha1_of(text)) {}

void Command::append_word(std::string_view word) {
  append_count(bytes_, '$', word.size());
  bytes_ += word;
  bytes_ += kLineEnd;
}

void Command::set(std::span<const std::string_view> words, std::size_t key) {
  bytes_.clear();
  script_ = nullptr;
  key_at_ = key_size_ = 0;
  append_count(bytes_, '*', words.size());
  for (std::size_t i = 0; i < words.size(); ++i) {
    append_word(words[i]);
    if (i != key || i == 0) continue;
    key_size_ = words[i].size();
    key_at_ = bytes_.size() - key_size_ - kLineEnd.size();
  }
}

void Command::set(const Script& script, std::string_view key,
                  std::initializer_list<std::string_view> arguments) {
  bytes_.clear();
  append_count(bytes_, '*', 4 + arguments.size());
  append_word("EVALSHA");
  append_word(script.digest());
  script_ = &script;
  script_end_ = bytes_.size();
  append_word("1");
  append_word(key);
  key_size_ = key.size();
  key_at_ = bytes_.size() - key_size_ - kLineEnd.size();
  for (const std::string_view argument : arguments)
    append_word(argument);
}

void Command::use_script_text() {
  const std::string old = bytes_;
  const std::string_view behind = std::string_view(old).substr(script_end_);
  bytes_.assign(old, 0, old.find('\n') + 1);  // the number of words
  append_word("EVAL");
  append_word(script_->text());
  key_at_ += bytes_.size() - script_end_;
  bytes_ += behind;
  script_ = nullptr;
}

}  // namespace zerver::effects::redis
