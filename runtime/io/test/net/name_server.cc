// A server of DNS with the answers that a test gives it.
#include "runtime/io/test/net/name_server.h"

#include <zerver/io/net/address.h>

#include <array>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace zerver::io::net {
namespace {

constexpr std::size_t kHeader = 12;
constexpr unsigned kA = 1;
constexpr unsigned kAaaa = 28;

void append(std::string& message, std::uint64_t number, int bytes) {
  while (bytes-- > 0)
    message += static_cast<char>(number >> (8 * bytes) & 0xff);
}

}  // namespace

NameServer::NameServer() : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  bind(socket_, reinterpret_cast<const sockaddr*>(&address), size);
  getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { run(); });
}

NameServer::~NameServer() {
  stopping_ = true;
  sockaddr_in self{};
  self.sin_family = AF_INET;
  self.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  self.sin_port = htons(port_);
  sendto(socket_, "", 0, 0, reinterpret_cast<const sockaddr*>(&self), sizeof self);
  thread_.join();
  ::close(socket_);
}

void NameServer::set(const std::string& name, Record record) {
  const std::scoped_lock lock(mutex_);
  records_[name] = std::move(record);
}

void NameServer::run() {
  std::array<char, 1500> buffer;
  while (!stopping_) {
    sockaddr_in from{};
    socklen_t size = sizeof from;
    const ssize_t length =
        recvfrom(socket_, buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
    if (length < static_cast<ssize_t>(kHeader)) continue;
    const std::string reply = answer(std::string(buffer.data(), static_cast<std::size_t>(length)));
    if (!reply.empty())
      sendto(socket_, reply.data(), reply.size(), 0, reinterpret_cast<const sockaddr*>(&from), size);
  }
}

std::string NameServer::answer(const std::string& question) {
  std::string name;
  std::size_t at = kHeader;
  while (question[at] != 0) {
    const auto length = static_cast<std::size_t>(question[at]);
    name += (name.empty() ? "" : ".") + question.substr(at + 1, length);
    at += 1 + length;
  }
  const auto type = static_cast<unsigned>(static_cast<unsigned char>(question[at + 2]));
  const std::string asked = question.substr(kHeader, at + 5 - kHeader);
  if (type == kA) ++asked_;
  if (does_ == Does::kIsSilent) return {};

  const std::scoped_lock lock(mutex_);
  const auto record = records_.find(name);
  std::string answers;
  int count = 0;
  for (const std::string& text :
       record == records_.end() ? std::vector<std::string>() : record->second.addresses) {
    const Address address = *Address::parse(text);
    if ((type == kA && address.is_v6) || (type == kAaaa && !address.is_v6) || (type != kA && type != kAaaa))
      continue;
    append(answers, 0xc000 + kHeader, 2);  // the name of the question
    append(answers, type, 2);
    append(answers, 1, 2);
    append(answers, record->second.life, 4);
    const std::size_t size = address.is_v6 ? 16 : 4;
    append(answers, size, 2);
    answers.append(reinterpret_cast<const char*>(address.bytes.data()), size);
    ++count;
  }
  const unsigned code = does_ == Does::kFails ? 2 : record == records_.end() ? 3 : 0;
  std::string reply = question.substr(0, 2);
  append(reply, 0x8180 + code, 2);
  append(reply, 1, 2);
  append(reply, code == 0 ? static_cast<unsigned>(count) : 0, 2);
  append(reply, 0, 4);
  return reply + asked + (code == 0 ? answers : "");
}

}  // namespace zerver::io::net
