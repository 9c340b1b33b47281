// What every execution model has to do, word for word the same: one program, four models.
#include <zerver/async/task.h>
#include <zerver/core/arena.h>
#include <zerver/io/model/channel.h>
#include <zerver/io/model/models.h>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <type_traits>
#include <unistd.h>
#include <utility>
#include <vector>

namespace zerver::io {
namespace {

using async::Task;

constexpr Duration kLong = Duration::from_seconds(3600);  // nothing here waits for so long

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

// Both ends of a connection.
struct Pair {
  Pair() { EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0); }
  ~Pair() {
    close(ends[0]);
    if (ends[1] >= 0) close(ends[1]);
  }
  void close_second() { close(std::exchange(ends[1], -1)); }
  std::array<int, 2> ends{};
};

template <class M> class ExecutionModels : public ::testing::Test {
 protected:
  M model;
};

using Models = ::testing::Types<BlockingModel, ThreadPoolModel, StacklessModel, StackfulModel>;
struct ModelNames {
  template <class M>
  static std::string GetName(int) {  // NOLINT(readability-identifier-naming): GoogleTest's name
    if (std::is_same_v<M, BlockingModel>) return "Blocking";
    if (std::is_same_v<M, ThreadPoolModel>) return "ThreadPool";
    return std::is_same_v<M, StacklessModel> ? "Stackless" : "Stackful";
  }
};
TYPED_TEST_SUITE(ExecutionModels, Models, ModelNames);

// --- Tasks ---

Task<int> add(Arena&, Io&, int left, int right) { co_return left + right; }

TYPED_TEST(ExecutionModels, ReturnWhatTheProgramReturns) { EXPECT_EQ(this->model.run(add, 2, 3), 5); }

TYPED_TEST(ExecutionModels, RunOneProgramAfterAnother) {
  for (int round = 0; round < 100; ++round)
    ASSERT_EQ(this->model.run(add, round, 1), round + 1);
}

Task<int> fail(Arena&, Io&) {
  throw std::runtime_error("no");
  co_return 0;
}

TYPED_TEST(ExecutionModels, ThrowWhatTheProgramThrows) {
  EXPECT_THROW(this->model.run(fail), std::runtime_error);
}

Task<int> join_many(Arena&, Io& io) {
  std::vector<Handle<int>> handles;
  for (int i = 0; i < 100; ++i)
    handles.push_back(spawn(io, add, i, i));
  int sum = 0;
  for (Handle<int>& handle : handles)
    sum += (co_await handle.join(io)).value();
  co_return sum;
}

TYPED_TEST(ExecutionModels, JoinWhatWasSpawned) { EXPECT_EQ(this->model.run(join_many), 9900); }

Task<void> join_failed(Arena&, Io& io) {
  Handle<int> handle = spawn(io, fail);
  bool thrown = false;
  try {
    static_cast<void>(co_await handle.join(io));
  } catch (const std::runtime_error& error) {
    thrown = std::string_view(error.what()) == "no";
  }
  EXPECT_TRUE(thrown);
}

TYPED_TEST(ExecutionModels, ThrowTheTasksExceptionAtItsJoin) { this->model.run(join_failed); }

Task<std::string> spawn_nested(Arena&, Io& io, int depth) {
  if (depth == 0) co_return "|";
  Handle<std::string> left = spawn(io, spawn_nested, depth - 1);
  Handle<std::string> right = spawn(io, spawn_nested, depth - 1);
  std::string text = (co_await left.join(io)).value() + std::to_string(depth);
  co_return text + (co_await right.join(io)).value();
}

TYPED_TEST(ExecutionModels, NestTasks) { EXPECT_EQ(this->model.run(spawn_nested, 3), "|1|2|1|3|1|2|1|"); }

// --- Time ---

Task<void> sleep_a_moment(Arena&, Io& io) {
  const TimePoint begin = io.now();
  EXPECT_TRUE(co_await io.sleep_for(Duration::from_milliseconds(2)));
  EXPECT_GE(io.now() - begin, Duration::from_milliseconds(2));
  EXPECT_TRUE(co_await io.sleep_until(begin));  // in the past
}

TYPED_TEST(ExecutionModels, SleepNoShorterThanAsked) { this->model.run(sleep_a_moment); }

// --- Cancelling ---

Task<int> sleep_long(Arena&, Io& io) {
  const Result<void> slept = co_await io.sleep_for(kLong);
  co_return slept ? 1 : slept.error().kind == FaultKind::kCancelled ? 2 : 3;
}

Task<void> cancel_early(Arena&, Io& io) {
  Handle<int> handle = spawn(io, sleep_long);
  handle.cancel();
  const Result<int> result = co_await handle.join(io);
  // Some models begin a task at once, some at the next wait.
  if (result) {
    EXPECT_EQ(*result, 2);
  } else {
    EXPECT_EQ(result.error().kind, FaultKind::kCancelled);
  }
}

TYPED_TEST(ExecutionModels, CancelASleepingTask) {
  for (int round = 0; round < 20; ++round)
    this->model.run(cancel_early);
}

Task<FaultKind> receive_for_ever(Arena&, Io& io, ModelChannel<int>* channel, ModelChannel<int>* begun) {
  EXPECT_TRUE(co_await begun->send(io, 0));
  const Result<int> received = co_await channel->receive(io);
  EXPECT_TRUE(io.cancelled());
  // Cancelled means that it waits for nothing any more.
  EXPECT_EQ((co_await io.sleep_for(kLong)).error().kind, FaultKind::kCancelled);
  co_return received.error().kind;
}

Task<void> cancel_waiting(Arena&, Io& io, Model* model) {
  ModelChannel<int> channel(*model, 1);
  ModelChannel<int> begun(*model, 1);
  Handle<FaultKind> handle = spawn(io, receive_for_ever, &channel, &begun);
  EXPECT_TRUE(co_await begun.receive(io));
  handle.cancel();
  EXPECT_EQ((co_await handle.join(io)).value(), FaultKind::kCancelled);
  // The channel has forgotten it.
  EXPECT_TRUE(co_await channel.send(io, 7));
  EXPECT_EQ((co_await channel.receive(io)).value(), 7);
}

TYPED_TEST(ExecutionModels, CancelATaskThatWaitsForAnother) { this->model.run(cancel_waiting, &this->model); }

Task<int> wait_for_nobody(Arena&, Io& io, ModelChannel<int>* channel) {
  const Result<int> received = co_await channel->receive(io);
  co_return received ? 0 : received.error().kind == FaultKind::kCancelled ? 1 : 2;
}

TYPED_TEST(ExecutionModels, CancelWhatWaitsForNobody) {
  ModelChannel<int> channel(this->model, 1);
  EXPECT_EQ(this->model.run(wait_for_nobody, &channel), 1);
}

Task<void> wait_and_count(Arena&, Io& io, ModelChannel<int>* channel, ModelChannel<int>* begun,
                          std::atomic<int>* ended) {
  EXPECT_TRUE(co_await begun->send(io, 0));
  EXPECT_EQ((co_await channel->receive(io)).error().kind, FaultKind::kCancelled);
  ++*ended;
}

Task<void> leave_behind(Arena&, Io& io, Model* model, ModelChannel<int>* channel, std::atomic<int>* ended) {
  ModelChannel<int> begun(*model, 8);
  std::vector<Handle<void>> handles;
  for (int i = 0; i < 5; ++i)
    handles.push_back(spawn(io, wait_and_count, channel, &begun, ended));
  for (int i = 0; i < 5; ++i)
    EXPECT_TRUE(co_await begun.receive(io));
}

TYPED_TEST(ExecutionModels, EndWhatTheProgramLeavesBehind) {
  ModelChannel<int> channel(this->model, 1);
  std::atomic<int> ended = 0;
  this->model.run(leave_behind, &this->model, &channel, &ended);
  EXPECT_EQ(ended, 5);
}

// --- Channels ---

Task<int> send_numbers(Arena&, Io& io, ModelChannel<int>* channel, int count) {
  int sent = 0;
  for (; sent < count; ++sent) {
    const Result<void> taken = co_await channel->send(io, sent);
    if (!taken) break;
  }
  channel->close();
  co_return sent;
}

Task<void> receive_numbers(Arena&, Io& io, Model* model, std::size_t capacity) {
  constexpr int kCount = 1000;
  ModelChannel<int> channel(*model, capacity);
  Handle<int> sender = spawn(io, send_numbers, &channel, kCount);
  for (int expected = 0; expected < kCount; ++expected)
    EXPECT_EQ((co_await channel.receive(io)).value(), expected);
  EXPECT_EQ((co_await channel.receive(io)).error().kind, FaultKind::kMissing);
  EXPECT_EQ((co_await channel.send(io, 1)).error().kind, FaultKind::kRejected);
  EXPECT_EQ((co_await sender.join(io)).value(), kCount);
}

TYPED_TEST(ExecutionModels, KeepTheOrderOfAChannel) {
  for (const std::size_t capacity : {1U, 2U, 100U})
    this->model.run(receive_numbers, &this->model, capacity);
}

Task<int> sum_of(Arena&, Io& io, ModelChannel<int>* channel) {
  int sum = 0;
  while (true) {
    const Result<int> number = co_await channel->receive(io);
    if (!number) co_return sum;
    sum += *number;
  }
}

Task<int> share_out(Arena&, Io& io, Model* model) {
  ModelChannel<int> channel(*model, 4);
  std::vector<Handle<int>> receivers;
  for (int i = 0; i < 4; ++i)
    receivers.push_back(spawn(io, sum_of, &channel));
  Handle<int> sender = spawn(io, send_numbers, &channel, 1000);
  int sum = 0;
  for (Handle<int>& receiver : receivers)
    sum += (co_await receiver.join(io)).value();
  EXPECT_EQ((co_await sender.join(io)).value(), 1000);
  co_return sum;
}

TYPED_TEST(ExecutionModels, GiveEachItemToOneReceiver) {
  EXPECT_EQ(this->model.run(share_out, &this->model), 499'500);
}

// --- Sockets and files ---

Task<void> exchange_bytes(Arena&, Io& io) {
  Pair pair;
  EXPECT_EQ((co_await io.send(pair.ends[0], bytes_of("hello"))).value(), 5U);
  std::array<std::byte, 16> buffer{};
  EXPECT_EQ((co_await io.receive(pair.ends[1], buffer)).value(), 5U);
  EXPECT_EQ(std::memcmp(buffer.data(), "hello", 5), 0);
  pair.close_second();
  EXPECT_EQ((co_await io.receive(pair.ends[0], buffer)).value(), 0U);
  EXPECT_EQ((co_await io.send(pair.ends[0], bytes_of("x"))).error().kind, FaultKind::kUnavailable);
  EXPECT_EQ((co_await io.receive(-1, buffer)).error().kind, FaultKind::kInvalid);
}

TYPED_TEST(ExecutionModels, ExchangeBytes) { this->model.run(exchange_bytes); }

Task<void> miss_a_deadline(Arena&, Io& io) {
  Pair pair;
  std::array<std::byte, 16> buffer{};
  for (int round = 0; round < 3; ++round) {
    const TimePoint deadline = io.now() + Duration::from_milliseconds(2);
    EXPECT_EQ((co_await io.receive(pair.ends[0], buffer, deadline)).error().kind, FaultKind::kTimeout);
    EXPECT_GE(io.now(), deadline);
  }
  // It is still good.
  EXPECT_TRUE(co_await io.send(pair.ends[1], bytes_of("late")));
  EXPECT_EQ((co_await io.receive(pair.ends[0], buffer, io.now() + kLong)).value(), 4U);
}

TYPED_TEST(ExecutionModels, EndAReceiveAtItsDeadline) { this->model.run(miss_a_deadline); }

Task<std::size_t> drain_socket(Arena&, Io& io, int socket) {
  std::array<std::byte, 4096> buffer;
  std::size_t total = 0;
  while (true) {
    const Result<std::size_t> received = co_await io.receive(socket, buffer);
    if (!received || *received == 0) co_return total;
    total += *received;
  }
}

// The size is chosen so that the model with one blocking thread does not wait for itself.
Task<void> send_much(Arena&, Io& io, std::size_t size) {
  Pair pair;
  const std::vector<std::byte> bytes(size);
  Handle<std::size_t> receiver = spawn(io, drain_socket, pair.ends[1]);
  std::span<const std::byte> left = bytes;
  while (!left.empty())
    left = left.subspan((co_await io.send(pair.ends[0], left)).value());
  shutdown(pair.ends[0], SHUT_WR);
  EXPECT_EQ((co_await receiver.join(io)).value(), size);
}

TYPED_TEST(ExecutionModels, SendAndReceiveSideBySide) {
  this->model.run(send_much,
                  std::is_same_v<TypeParam, BlockingModel> ? std::size_t{64} << 10 : std::size_t{8} << 20);
}

Task<void> accept_one(Arena&, Io& io) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(bind(listener, reinterpret_cast<const sockaddr*>(&address), size), 0);
  EXPECT_EQ(listen(listener, 1), 0);
  EXPECT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  EXPECT_EQ((co_await io.accept(listener, io.now() + Duration::from_milliseconds(2))).error().kind,
            FaultKind::kTimeout);
  const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_EQ(connect(client, reinterpret_cast<const sockaddr*>(&address), size), 0);
  const Result<int> accepted = co_await io.accept(listener);
  EXPECT_TRUE(accepted);
  EXPECT_TRUE(co_await io.send(client, bytes_of("hi")));
  std::array<std::byte, 8> buffer{};
  EXPECT_EQ((co_await io.receive(*accepted, buffer)).value(), 2U);
  close(*accepted);
  close(client);
  close(listener);
}

TYPED_TEST(ExecutionModels, AcceptAConnection) { this->model.run(accept_one); }

Task<FaultKind> receive_nothing(Arena&, Io& io, int socket) {
  std::array<std::byte, 8> buffer{};
  const Result<std::size_t> received = co_await io.receive(socket, buffer);
  co_return received ? FaultKind::kInternal : received.error().kind;
}

Task<void> cancel_receive(Arena&, Io& io) {
  Pair pair;
  Handle<FaultKind> handle = spawn(io, receive_nothing, pair.ends[0]);
  // Where a blocked task holds the only thread it must not begin.
  if (dynamic_cast<BlockingModel*>(&io.model()) == nullptr) {
    EXPECT_TRUE(co_await io.sleep_for(Duration::from_milliseconds(1)));
  }
  handle.cancel();
  const Result<FaultKind> result = co_await handle.join(io);
  EXPECT_EQ(result ? *result : result.error().kind, FaultKind::kCancelled);
  // What comes later is for whoever receives next.
  EXPECT_TRUE(co_await io.send(pair.ends[1], bytes_of("x")));
  std::array<std::byte, 8> buffer{};
  EXPECT_EQ((co_await io.receive(pair.ends[0], buffer)).value(), 1U);
}

TYPED_TEST(ExecutionModels, CancelAReceive) { this->model.run(cancel_receive); }

Task<void> use_file(Arena&, Io& io, int file) {
  EXPECT_EQ((co_await io.write_at(file, 0, bytes_of("hello world"))).value(), 11U);
  EXPECT_EQ((co_await io.write_at(file, 6, bytes_of("files"))).value(), 5U);
  std::array<std::byte, 32> buffer{};
  EXPECT_EQ((co_await io.read_at(file, 0, buffer)).value(), 11U);
  EXPECT_EQ(std::memcmp(buffer.data(), "hello files", 11), 0);
  EXPECT_EQ((co_await io.read_at(file, 11, buffer)).value(), 0U);
  EXPECT_EQ((co_await io.read_at(-1, 0, buffer)).error().kind, FaultKind::kInvalid);
}

TYPED_TEST(ExecutionModels, ReadAndWriteAFile) {
  FILE* const file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  this->model.run(use_file, fileno(file));
  std::fclose(file);
}

}  // namespace
}  // namespace zerver::io
