// A client that says exactly the bytes it is told to, for tests.
#include "test_client.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/time.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace zerver::server {
namespace {

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

}  // namespace

TestClient::TestClient(const std::string& address)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (socket_ < 0) fail("socket");
  const std::size_t colon = address.rfind(':');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
  if (inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr) != 1)
    throw std::invalid_argument(address);
  const timeval patience{.tv_sec = 30, .tv_usec = 0};
  if (setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0) fail("SO_RCVTIMEO");
  if (setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0) fail("SO_SNDTIMEO");
  if (connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) fail("connect");
}

TestClient::~TestClient() {
  if (socket_ >= 0) close(socket_);
}

void TestClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) fail("send");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::size_t TestClient::send_some(std::string_view bytes) {
  const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

bool TestClient::read_more() {
  std::array<char, 65536> bytes;
  const ssize_t size = recv(socket_, bytes.data(), bytes.size(), 0);
  if (size < 0 && errno != ECONNRESET) fail("recv");
  if (size <= 0) return false;
  received_.append(bytes.data(), static_cast<std::size_t>(size));
  return true;
}

std::string TestClient::receive(std::size_t size) {
  while (received_.size() < size) {
    if (!read_more()) throw std::runtime_error("closed after: " + received_);
  }
  std::string text = received_.substr(0, size);
  received_.erase(0, size);
  return text;
}

std::size_t TestClient::skip(std::size_t size) {
  std::array<char, 4096> bytes;
  std::size_t skipped = 0;
  while (skipped < size) {
    const ssize_t received = recv(socket_, bytes.data(), std::min(bytes.size(), size - skipped), 0);
    if (received <= 0) fail("recv");
    skipped += static_cast<std::size_t>(received);
  }
  return skipped;
}

std::string TestClient::receive_until(std::string_view end, int times) {
  std::size_t from = 0;
  for (;;) {
    const std::size_t found = received_.find(end, from);
    if (found == std::string::npos) {
      if (!read_more()) throw std::runtime_error("closed after: " + received_);
      continue;
    }
    from = found + end.size();
    if (--times == 0) return receive(from);
  }
}

std::string TestClient::receive_answer() {
  std::string answer = receive_until("\r\n\r\n");
  const std::string length = field_of(answer, "Content-Length");
  if (!length.empty()) answer += receive(std::stoul(length));
  return answer;
}

std::string TestClient::receive_all() {
  while (read_more()) {
  }
  return std::exchange(received_, {});
}

void TestClient::shut_down() {
  if (shutdown(socket_, SHUT_WR) != 0) fail("shutdown");
}

void TestClient::reset() {
  const linger now{.l_onoff = 1, .l_linger = 0};
  if (setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now) != 0) fail("SO_LINGER");
  close(std::exchange(socket_, -1));
}

int status_of(std::string_view answer) {
  return answer.starts_with("HTTP/1.1 ") ? std::atoi(std::string(answer.substr(9, 3)).c_str()) : 0;
}

std::string_view body_of(std::string_view answer) {
  const std::size_t end = answer.find("\r\n\r\n");
  return end == std::string_view::npos ? std::string_view{} : answer.substr(end + 4);
}

std::string field_of(std::string_view answer, std::string_view name) {
  const std::string line = "\r\n" + std::string(name) + ": ";
  const std::size_t begin = answer.substr(0, answer.find("\r\n\r\n") + 2).find(line);
  if (begin == std::string_view::npos) return {};
  const std::string_view value = answer.substr(begin + line.size());
  return std::string(value.substr(0, value.find("\r\n")));
}

}  // namespace zerver::server
