// What a connection costs in heap allocations once it is open: none. A program of its own, because
// operator new counts.
#include "runtime/io/test/net/run.h"
#include "tests/support/allocation_count.h"
#include "tests/support/servers/scripted_server.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace zerver::io::net {
namespace {

using NetAllocationTest = NetTest;

TEST_F(NetAllocationTest, ReadingAndWritingAllocatesNothing) {
  test::ScriptedServer server([](test::Peer& peer) {
    for (std::string bytes = peer.read_some(); !bytes.empty(); bytes = peer.read_some())
      peer.write(bytes);
  });
  run([&]() -> async::Task<> {
    const StreamPtr stream = co_await connected(server.port());
    const std::array<std::string_view, 3> pieces = {"one", "two", "three"};
    std::array<char, 11> buffer;
    std::size_t before = 0;
    for (int i = 0; i < 110; ++i) {
      if (i == 10) before = test::allocations_of_thread();
      const Result<void> written = co_await stream->write(pieces);
      EXPECT_TRUE(written);
      for (std::size_t done = 0; done < buffer.size();) {
        const Result<std::size_t> size = co_await stream->read_some(std::span(buffer).subspan(done));
        EXPECT_TRUE(size);
        if (!size || *size == 0) co_return;
        done += *size;
      }
    }
    EXPECT_EQ(test::allocations_of_thread(), before);
  });
}

}  // namespace
}  // namespace zerver::io::net
