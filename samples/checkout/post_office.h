// A post office that stands for a real one: it keeps in memory what it has sent, and forgets it with the
// process.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace checkout {

/// Keeps its word: what comes with the same key is the same letter, and sent once. Any thread.
class PostOffice {
 public:
  struct Letter {
    std::string to;
    std::string text;
    bool operator==(const Letter&) const = default;
  };

  void send(const std::string& key, const Letter& letter);
  std::optional<Letter> find(const std::string& key) const;
  /// Letters that came with a key that was used for another one. Not sent: somebody has made a mistake.
  std::size_t mistaken() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Letter> letters_;
  std::size_t mistaken_ = 0;
};

}  // namespace checkout
