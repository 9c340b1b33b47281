// Answers whose body is made while it is sent, over sockets: framing, back pressure, and every way in which
// they end early.
#include "test_client.h"
#include "test_service.h"
#include <zerver/flow/call/call.h>
#include <zerver/flow/flow_task.h>
#include <zerver/flow/request/answer.h>
#include <zerver/flow/request/problem.h>
#include <zerver/flow/stream/streamed_answer.h>
#include <zerver/server/server.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <condition_variable>
#include <cstddef>
#include <limits>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace zerver::server {
namespace {

using flow::Exchange;
using flow::Handled;
using ::testing::HasSubstr;

constexpr std::size_t kPartSize = 16'000;
constexpr std::size_t kEndless = std::numeric_limits<std::size_t>::max();

// What the sources of a test tell its thread.
class Observer {
 public:
  void note_asked() {
    const std::lock_guard lock(mutex_);
    ++asked_;
  }
  void note_closed() {
    const std::lock_guard lock(mutex_);
    ++closed_;
    changed_.notify_all();
  }
  std::size_t asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }
  void await_closed(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ >= count; });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t asked_ = 0;
  int closed_ = 0;
};

// So many parts of `x`, then silence, a failure or the end.
class PartSource final : public flow::Source {
 public:
  enum class Ending : std::uint8_t { kEnd, kFailure, kSilence };

  PartSource(Observer& observer, std::size_t parts, Ending ending)
      : observer_(observer), parts_(parts), ending_(ending) {}

  void next(Reader& reader) noexcept override {
    if (parts_ != 0) {
      --parts_;
      observer_.note_asked();
      return reader.on_part(&part_);
    }
    if (ending_ == Ending::kFailure) return reader.on_failure({FaultKind::kUnavailable, "it broke", {}});
    if (ending_ == Ending::kEnd) reader.on_end();
  }
  void close() noexcept override {
    Observer& observer = observer_;
    delete this;
    observer.note_closed();
  }

 private:
  Observer& observer_;
  std::size_t parts_;
  Ending ending_;
  std::string bytes_ = std::string(kPartSize, 'x');
  std::string_view part_ = bytes_;
};

// A file without a name, which the test fills and cuts.
class TestFile {
 public:
  TestFile() : descriptor_(memfd_create("streaming_test", MFD_CLOEXEC)) {
    if (descriptor_ < 0) throw std::runtime_error("no file in memory");
  }
  ~TestFile() { ::close(descriptor_); }
  TestFile(const TestFile&) = delete;
  TestFile& operator=(const TestFile&) = delete;

  void fill(const std::string& content) {
    if (std::cmp_not_equal(::write(descriptor_, content.data(), content.size()), content.size()))
      throw std::runtime_error("the file was not written");
    size_ = content.size();
  }
  void cut(std::size_t size) const {
    if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0)
      throw std::runtime_error("the file was not cut");
  }
  void grow(std::size_t size) {
    cut(size);
    size_ = size;
  }
  int descriptor() const noexcept { return descriptor_; }
  std::size_t size() const noexcept { return size_; }

 private:
  int descriptor_;
  std::size_t size_ = 0;
};

class WholeFile final : public flow::Source {
 public:
  WholeFile(Observer& observer, const TestFile& file) noexcept : observer_(observer), file_(file) {}
  void next(Reader& reader) noexcept override {
    reader.on_failure({FaultKind::kInternal, "the server sends a file itself", {}});
  }
  void close() noexcept override {
    Observer& observer = observer_;
    delete this;
    observer.note_closed();
  }
  flow::BodyInfo info() const noexcept override {
    return {.content_type = "text/x-pattern",
            .file = {.descriptor = file_.descriptor(),
                     .size = file_.size(),
                     .entity_tag = "\"v1\"",
                     .modified = 784'111'777}};
  }

 private:
  Observer& observer_;
  const TestFile& file_;
};

struct Shape {
  std::string_view path;
  std::size_t parts;
  PartSource::Ending ending;
};
constexpr std::array kShapes = {
    Shape{"/parts", 10, PartSource::Ending::kEnd},     Shape{"/short", 1, PartSource::Ending::kEnd},
    Shape{"/empty", 0, PartSource::Ending::kEnd},      Shape{"/endless", kEndless, PartSource::Ending::kEnd},
    Shape{"/broken", 5, PartSource::Ending::kFailure}, Shape{"/refused", 0, PartSource::Ending::kFailure},
    Shape{"/silent", 5, PartSource::Ending::kSilence}, Shape{"/file", 0, PartSource::Ending::kEnd},
};

class PartAdapter final : public flow::Adapter {
 public:
  void start(flow::Operation& operation) override {
    const Shape& shape = *static_cast<const Shape*>(operation.arguments());
    if (shape.path == "/file") return flow::StreamReply(operation).open(*new WholeFile(observer, file));
    flow::StreamReply(operation).open(*new PartSource(observer, shape.parts, shape.ending));
  }
  void cancel(flow::Operation&) noexcept override {}
  Observer observer;
  TestFile file;
};

constexpr flow::CallSite kOpen{.step = "open", .target = 0, .operation = 0};
constexpr flow::FlowInfo kFlows[] = {
    {.name = "parts", .slug = "parts", .method = "GET", .path = "/parts", .streams = true}};

flow::FlowTask run_parts(Exchange& exchange, const Shape& shape) {
  flow::StreamCall<flow::Stream<Bytes>> call(exchange, kOpen, &shape);
  co_await call;
  if (!call.result()) co_return flow::answer_fault(exchange, call.result().error());
  auto streamed = flow::stream_bytes(exchange, 200, *call.result());
  co_await streamed;
}

Handled handle(Exchange& exchange, flow::RouteMatch& match) {
  match.found = true;
  if (exchange.request.path == "/plain") {
    flow::answer(exchange, 200, flow::kTextType, "plain");
    return Handled::kNow;
  }
  if (const auto handled = exchange.begin(kFlows[0])) return *handled;
  for (const Shape& shape : kShapes)
    if (shape.path == exchange.request.path) return run_parts(exchange, shape).handled();
  flow::answer_problem(exchange, 404);
  return Handled::kNow;
}

constexpr flow::PackageInfo kPackage{.name = "parts", .flows = kFlows, .targets = {}, .handle = &handle};

class Streaming : public ::testing::Test {
 protected:
  void SetUp() override { start(TestService::one_worker()); }
  void TearDown() override { server_.reset(); }

  void start(const Settings& settings) {
    server_ = std::make_unique<Server>(settings, clock_, log_);
    for (std::size_t i = 0; i < server_->worker_count(); ++i)
      server_->bind(i, {{&kPackage, {&target_}}});
    if (const std::string error = server_->open(); !error.empty()) throw std::runtime_error(error);
    server_->start();
  }
  const std::string& address() const { return server_->addresses().front(); }
  static std::string get(std::string_view path, std::string_view version = "HTTP/1.1",
                         std::string_view method = "GET") {
    return std::string(method) + " " + std::string(path) + " " + std::string(version) +
           "\r\nHost: test\r\n\r\n";
  }
  // The body of a chunked message; throws when it does not end as one does.
  static std::string unchunked(std::string_view body) {
    std::string all;
    while (true) {
      const std::size_t size = std::stoul(std::string(body.substr(0, body.find("\r\n"))), nullptr, 16);
      body.remove_prefix(body.find("\r\n") + 2);
      if (body.size() < size + 2 || body.substr(size, 2) != "\r\n")
        throw std::runtime_error("a chunk is cut off");
      if (size == 0) return all;
      all += body.substr(0, size);
      body.remove_prefix(size + 2);
    }
  }
  static std::string receive_chunked(TestClient& client) { return client.receive_until("\r\n0\r\n\r\n"); }

  SystemClock clock_;
  RecordingLog log_;
  PartAdapter adapter_;
  flow::InFlight in_flight_{1000};
  flow::Target target_{"parts", &adapter_, &in_flight_};
  std::unique_ptr<Server> server_;
};

TEST_F(Streaming, SendsChunksAndGoesOnBehindThem) {
  TestClient client(address());
  client.send(get("/parts") + get("/plain") + get("/short"));
  const std::string answer = receive_chunked(client);
  EXPECT_EQ(status_of(answer), 200);
  EXPECT_EQ(field_of(answer, "Transfer-Encoding"), "chunked");
  EXPECT_EQ(field_of(answer, "Content-Length"), "");
  EXPECT_EQ(unchunked(body_of(answer)), std::string(10 * kPartSize, 'x'));
  EXPECT_EQ(body_of(client.receive_answer()), "plain");
  EXPECT_EQ(unchunked(body_of(receive_chunked(client))), std::string(kPartSize, 'x'));
  adapter_.observer.await_closed(2);
}

TEST_F(Streaming, ABodyWithoutBytesIsTheLastChunk) {
  TestClient client(address());
  client.send(get("/empty") + get("/plain"));
  EXPECT_THAT(client.receive_until("0\r\n\r\n"), HasSubstr("Transfer-Encoding: chunked"));
  EXPECT_EQ(body_of(client.receive_answer()), "plain");
}

TEST_F(Streaming, AClientOfHttp10GetsBytesUntilTheEnd) {
  TestClient client(address());
  client.send(get("/parts", "HTTP/1.0"));
  const std::string answer = client.receive_all();
  EXPECT_EQ(field_of(answer, "Transfer-Encoding"), "");
  EXPECT_EQ(field_of(answer, "Connection"), "close");
  EXPECT_EQ(body_of(answer), std::string(10 * kPartSize, 'x'));
}

TEST_F(Streaming, HeadHasNoBodyAndAsksForNone) {
  TestClient client(address());
  client.send(get("/parts", "HTTP/1.1", "HEAD") + get("/plain"));
  EXPECT_THAT(client.receive_until("\r\n\r\n"), HasSubstr("Transfer-Encoding: chunked"));
  EXPECT_EQ(body_of(client.receive_answer()), "plain");
  adapter_.observer.await_closed(1);
  EXPECT_EQ(adapter_.observer.asked(), 0U);
}

TEST_F(Streaming, WhatFailsInTheMiddleIsCutOff) {
  std::string answer;
  {
    TestClient client(address());
    client.send(get("/broken") + get("/plain"));
    answer = client.receive_all();
  }
  EXPECT_EQ(status_of(answer), 200);
  EXPECT_THROW(unchunked(body_of(answer)), std::exception) << "the last chunk must be missing";
  EXPECT_THAT(answer, ::testing::Not(HasSubstr("plain"))) << "nothing comes behind it";
  adapter_.observer.await_closed(1);
  server_.reset();
  ASSERT_FALSE(log_.lines().empty());
  EXPECT_THAT(log_.lines().front(), HasSubstr("the stream ends: it broke"));
}

TEST_F(Streaming, ForHttp10WhatFailsInTheMiddleEndsWithAReset) {
  TestClient client(address());
  client.send(get("/broken", "HTTP/1.0"));
  EXPECT_LT(client.receive_all().size(), 5 * kPartSize + 1000);
  adapter_.observer.await_closed(1);
}

TEST_F(Streaming, WhatFailsBeforeItsFirstByteIsAProblem) {
  TestClient client(address());
  client.send(get("/refused") + get("/plain"));
  EXPECT_EQ(status_of(client.receive_answer()), 503);
  EXPECT_EQ(body_of(client.receive_answer()), "plain");
}

TEST_F(Streaming, AClientThatTakesNothingHoldsTheSourceBack) {
  TestClient slow(address());
  slow.send(get("/endless"));
  slow.receive_until("\r\n\r\n");
  TestClient other(address());
  // An answer of the same worker is a turn of its loop, and a stream that can goes on in each of them.
  const auto take_turns = [&](int count) {
    for (int i = 0; i < count; ++i) {
      other.send(get("/plain"));
      EXPECT_EQ(body_of(other.receive_answer()), "plain");
    }
    return adapter_.observer.asked();
  };
  constexpr int kTurns = 20;
  constexpr int kMostWindows = 2000;
  std::size_t before = take_turns(kTurns);
  int windows = 0;
  for (std::size_t now = take_turns(kTurns); now != before && windows < kMostWindows; ++windows)
    before = std::exchange(now, take_turns(kTurns));
  ASSERT_LT(windows, kMostWindows) << "the source is asked without end";
  // What the client takes is asked for again.
  slow.skip(std::size_t{16} << 20);
  EXPECT_GT(take_turns(kTurns), before);
  slow.reset();
  adapter_.observer.await_closed(1);
}

TEST_F(Streaming, AClientThatGoesAwayEndsTheSource) {
  {
    TestClient client(address());
    client.send(get("/silent"));
    client.receive_until("\r\n\r\n");
  }
  adapter_.observer.await_closed(1);
  TestClient client(address());
  client.send(get("/plain"));
  EXPECT_EQ(body_of(client.receive_answer()), "plain");
}

TEST_F(Streaming, AServerThatStopsEndsIt) {
  Settings settings = TestService::one_worker();
  settings.timeouts.drain = Duration::from_milliseconds(10);
  start(settings);
  TestClient client(address());
  client.send(get("/silent"));
  client.receive_until("\r\n\r\n");
  server_.reset();
  adapter_.observer.await_closed(1);
  EXPECT_THROW(unchunked(body_of(client.receive_all())), std::exception);
}

// --- Files ---

class Files : public Streaming {
 protected:
  // Every offset can be told by its bytes.
  static std::string pattern(std::size_t size) {
    std::string text;
    text.reserve(size + 8);
    for (std::size_t i = 0; text.size() < size; ++i)
      text += std::to_string(10'000'000 + i);
    text.resize(size);
    return text;
  }
  void SetUp() override {
    Streaming::SetUp();
    adapter_.file.fill(content_);
  }
  std::string ask(TestClient& client, std::string_view fields = {}) const {
    client.send("GET /file HTTP/1.1\r\nHost: test\r\n" + std::string(fields) + "\r\n");
    return client.receive_answer();
  }

  const std::string content_ = pattern(std::size_t{5} << 20);
};

TEST_F(Files, AreSentWhole) {
  TestClient client(address());
  const std::string answer = ask(client);
  EXPECT_EQ(status_of(answer), 200);
  EXPECT_EQ(field_of(answer, "Content-Type"), "text/x-pattern");
  EXPECT_EQ(field_of(answer, "Content-Length"), std::to_string(content_.size()));
  EXPECT_EQ(field_of(answer, "ETag"), "\"v1\"");
  EXPECT_EQ(field_of(answer, "Last-Modified"), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_TRUE(body_of(answer) == content_);
  client.send(get("/plain"));
  EXPECT_EQ(body_of(client.receive_answer()), "plain");
  adapter_.observer.await_closed(1);
}

TEST_F(Files, AreSentInPartOrNotAtAll) {
  TestClient client(address());
  const std::string part = ask(client, "Range: bytes=3000000-3000099\r\n");
  EXPECT_EQ(status_of(part), 206);
  EXPECT_EQ(field_of(part, "Content-Range"), "bytes 3000000-3000099/" + std::to_string(content_.size()));
  EXPECT_EQ(body_of(part), content_.substr(3'000'000, 100));
  const std::string known = ask(client, "If-None-Match: \"v1\"\r\n");
  EXPECT_EQ(status_of(known), 304);
  EXPECT_EQ(body_of(known), "");
  EXPECT_EQ(status_of(ask(client, "Range: bytes=9999999-\r\n")), 416);
  EXPECT_EQ(status_of(ask(client, "If-Match: \"v2\"\r\n")), 412);
  client.send(get("/file", "HTTP/1.1", "HEAD") + get("/plain"));
  EXPECT_EQ(field_of(client.receive_until("\r\n\r\n"), "Content-Length"), std::to_string(content_.size()));
  EXPECT_EQ(body_of(client.receive_answer()), "plain");
  adapter_.observer.await_closed(5);
}

TEST_F(Files, OneIsSentBehindTheOther) {
  TestClient client(address());
  client.send(get("/file") + get("/plain") + get("/file"));
  EXPECT_TRUE(body_of(client.receive_answer()) == content_);
  EXPECT_EQ(body_of(client.receive_answer()), "plain");
  EXPECT_TRUE(body_of(client.receive_answer()) == content_);
}

TEST_F(Files, AClientThatTakesNothingHoldsUpNobody) {
  TestClient slow(address());
  slow.send(get("/file"));
  slow.receive_until("\r\n\r\n");
  TestClient other(address());
  EXPECT_TRUE(body_of(ask(other)) == content_);
  slow.reset();
  adapter_.observer.await_closed(2);
}

TEST_F(Files, OneThatBecomesShorterIsCutOff) {
  adapter_.file.grow(std::size_t{256} << 20);  // more than sockets hold
  TestClient client(address());
  client.send(get("/file") + get("/plain"));
  std::string answer = client.receive_until("\r\n\r\n");
  adapter_.file.cut(100);
  answer += client.receive_all();
  EXPECT_LT(body_of(answer).size(), adapter_.file.size());
  EXPECT_THAT(answer, ::testing::Not(HasSubstr("HTTP/1.1 200 OK\r\nContent-Type: text/plain")))
      << "nothing comes behind it";
  adapter_.observer.await_closed(1);
  server_.reset();
  ASSERT_FALSE(log_.lines().empty());
  EXPECT_THAT(log_.lines().front(), HasSubstr("became shorter"));
}

}  // namespace
}  // namespace zerver::server
