// A client that says exactly the bytes it is told to, for tests.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace zerver::server {

// Everything blocks, and throws when nothing happens for half a minute.
class TestClient {
 public:
  // `address` is `127.0.0.1:8080`.
  explicit TestClient(const std::string& address);
  ~TestClient();
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  void send(std::string_view bytes);
  // As much as the socket takes without waiting; how much that is.
  std::size_t send_some(std::string_view bytes);
  // What comes until `end` has come so many times, that included.
  std::string receive_until(std::string_view end, int times = 1);
  std::string receive(std::size_t size);
  // Takes so many bytes and forgets them, without allocating. Returns their number.
  std::size_t skip(std::size_t size);
  // A whole answer with Content-Length, or without a body.
  std::string receive_answer();
  // What comes until the server closes. A reset counts as the end.
  std::string receive_all();
  // Nothing more will be sent.
  void shut_down();
  // Closes so that the server sees a reset.
  void reset();

 private:
  bool read_more();

  int socket_;
  std::string received_;  // and not returned yet
};

// The status of an answer.
int status_of(std::string_view answer);
std::string_view body_of(std::string_view answer);
// The value of a field, or nothing.
std::string field_of(std::string_view answer, std::string_view name);

}  // namespace zerver::server
