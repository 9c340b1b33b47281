// Sockets that listen on one address, one for each worker.
#pragma once

#include "settings/setting_values.h"

#include <string>
#include <utility>
#include <vector>

namespace zerver::server {

// Owns a descriptor.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int descriptor) noexcept : descriptor_(descriptor) {}
  FileDescriptor(FileDescriptor&& other) noexcept : descriptor_(other.release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    reset(other.release());
    return *this;
  }
  ~FileDescriptor() { reset(-1); }

  int get() const noexcept { return descriptor_; }
  int release() noexcept { return std::exchange(descriptor_, -1); }
  void reset(int descriptor) noexcept;

 private:
  int descriptor_ = -1;
};

struct ListeningSockets {
  std::vector<FileDescriptor> sockets;  // bound and listening
  bool v6 = false;
  std::string address;  // `127.0.0.1:8080`, with the port that was taken when 0 was asked for
  std::string error;    // why there are none; empty: there are
};

// `count` sockets with SO_REUSEPORT among themselves: the kernel spreads connections over them. An address
// that is in use, also by another program with SO_REUSEPORT, is an error.
ListeningSockets listen_on(const ListenAddress& address, std::size_t count);

}  // namespace zerver::server
