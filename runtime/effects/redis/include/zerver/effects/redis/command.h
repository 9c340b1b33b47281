// One command for a server, and what becomes of it.
#pragma once

#include <zerver/core/fault.h>
#include <zerver/effects/redis/reply.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace zerver::effects::redis {

// A script in Lua, known to servers by its digest. Outlives the commands that run it.
class Script {
 public:
  explicit Script(std::string_view text);
  const std::string& text() const noexcept { return text_; }
  const std::string& digest() const noexcept { return digest_; }

 private:
  std::string text_;
  std::string digest_;  // SHA-1, in hexadecimal
};

// Embedded in whoever waits for it, and used again; keeps the memory of its bytes. Pinned from
// Client::start() until it is answered or Client::abandon() has been called for it.
class Command {
 public:
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  // The words of the command; `key` is the position of the key that says on which node of a cluster it runs,
  // 0: any.
  void set(std::initializer_list<std::string_view> words, std::size_t key = 1) {
    set(std::span(words.begin(), words.size()), key);
  }
  void set(std::span<const std::string_view> words, std::size_t key = 1);
  // Runs the script with one key.
  void set(const Script& script, std::string_view key, std::initializer_list<std::string_view> arguments);

  std::string_view bytes() const noexcept { return bytes_; }
  // Empty: none.
  std::string_view key() const noexcept { return std::string_view(bytes_).substr(key_at_, key_size_); }

 protected:
  Command() = default;
  ~Command() = default;

  // The server's answer, which may be an error. One of the two is called, once; the command may be started
  // again, or go, from within.
  virtual void on_reply(const Reply& reply) noexcept = 0;
  // There is no answer: the command may have been carried out or not. The fault's text lives as long as the
  // call.
  virtual void on_failure(const Fault& fault) noexcept = 0;

 private:
  friend class Client;
  friend class Link;

  void append_word(std::string_view word);
  // Sends the text of the script in place of its digest.
  void use_script_text();

  std::string bytes_;
  std::size_t key_at_ = 0;
  std::size_t key_size_ = 0;
  const Script* script_ = nullptr;
  std::size_t script_end_ = 0;  // behind its digest
  class Link* link_ = nullptr;  // that has it
  std::uint64_t number_ = 0;    // among the commands of the link
  unsigned redirects_ = 0;
};

}  // namespace zerver::effects::redis
