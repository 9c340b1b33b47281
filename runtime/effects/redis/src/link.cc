#include "link.h"

#include <zerver/async/sleep.h>
#include <zerver/io/asio_loop.h>

#include <algorithm>
#include <utility>

namespace zerver::effects::redis {

namespace {

constexpr std::size_t kReadAtOnce = std::size_t{16} << 10;
constexpr std::string_view kAsking = "*1\r\n$6\r\nASKING\r\n";

void append_greeting(std::string& out, std::size_t& answers, std::initializer_list<std::string_view> words) {
  out += '*' + std::to_string(words.size()) + "\r\n";
  for (const std::string_view word : words) {
    out += '$' + std::to_string(word.size()) + "\r\n";
    out += word;
    out += "\r\n";
  }
  ++answers;
}

}  // namespace

Link::Silence::Silence(Link& owner) noexcept
    : Timer([](Timer& timer) noexcept { static_cast<Silence&>(timer).link.on_silence(); }), link(owner) {}

Link::Refusal::Refusal(Link& owner) noexcept
    : Job([](Job& job) noexcept {
        auto& self = static_cast<Refusal&>(job);
        self.scheduled = false;
        if (self.link.state_ == State::kDown) self.link.fail_queue();
      }),
      link(owner) {}

Link::Link(Client& client, io::net::Network& network, Random& random, const Options& options,
           const Server& server, const io::net::TlsClient* tls)
    : client_(client),
      network_(network),
      loop_(network.loop()),
      random_(random),
      options_(options),
      server_(server) {
  endpoint_.host = server.host;
  endpoint_.port = server.port;
  endpoint_.unix_path = options.unix_path;
  endpoint_.tls = tls;
  task_.emplace(async::spawn(loop_, stop_.token(), [this] { return run(); }));
}

Link::~Link() {
  loop_.stop(silence_);
  stop_.request_stop();
  io::AsioLoop& loop = network_.loop();
  while (!task_->done() || refusal_.scheduled) {
    loop.context().restart();
    loop.context().poll();
  }
}

// --- Commands ---

void Link::start(Command& command, bool asking) noexcept {
  if (queue_.size() >= kMostInFlight) {
    command.link_ = nullptr;
    return client_.on_failure(command, {FaultKind::kUnavailable, "too many commands wait for Redis", {}});
  }
  try {
    if (asking && state_ == State::kReady) {
      queue_.push(nullptr);
      client_.counts_.in_flight.add();
      out_ += kAsking;
    }
    if (queue_.empty()) heard_ = loop_.now();
    command.number_ = queue_.push(&command);
    command.link_ = this;
    client_.counts_.in_flight.add();
    if (state_ == State::kReady) send(command);
    // Not at once, so that whoever tries again and again leaves the loop its turns, in which it is connected.
    if (state_ == State::kDown && !std::exchange(refusal_.scheduled, true)) loop_.defer(refusal_);
  } catch (const std::bad_alloc&) {
    // What has been begun of it cannot be taken back.
    if (open_ != nullptr) open_->close();
  }
}

void Link::send(Command& command) {
  out_ += command.bytes();
  has_output_.set();
  watch();
}

void Link::abandon(Command& command) noexcept {
  if (command.link_ != this) return;
  command.link_ = nullptr;
  queue_.forget(command.number_);
}

// The one whose turn it is; null when nobody waits for its answer.
Command* Link::next_in_queue() noexcept {
  Command* const command = queue_.pop();
  client_.counts_.in_flight.take_off();
  if (command != nullptr) command->link_ = nullptr;
  return command;
}

bool Link::take_replies() {
  for (;;) {
    Reply reply;
    const ReplyReader::Next next = reader_.next(reply);
    if (next == ReplyReader::Next::kNothing) return true;
    if (next == ReplyReader::Next::kBroken || queue_.empty()) return false;
    Command* const command = next_in_queue();
    if (command == nullptr) continue;
    client_.on_reply(*command, reply);
  }
}

// --- The connection ---

async::Task<> Link::run() {
  const async::StopToken stop = stop_.token();
  while (!stop.stop_requested()) {
    {
      Result<std::unique_ptr<io::net::Stream>> stream =
          co_await network_.connector().connect(endpoint_, loop_.now() + options_.connect);
      Fault fault = stream.error();
      if (stream) fault = co_await serve(**stream);
      if (stop.stop_requested()) co_return;
      go_down(fault);
    }
    const Result<void> slept = co_await async::sleep_until(loop_.now() + next_pause());
    if (!slept) co_return;
    state_ = State::kConnecting;
  }
}

async::Task<Fault> Link::serve(io::net::Stream& stream) {
  std::string greeting;
  std::size_t answers = 0;
  const std::string password = options_.renewed_password ? options_.renewed_password() : options_.password;
  if (!password.empty() && options_.user.empty()) append_greeting(greeting, answers, {"AUTH", password});
  if (!password.empty() && !options_.user.empty())
    append_greeting(greeting, answers, {"AUTH", options_.user, password});
  if (options_.database != 0)
    append_greeting(greeting, answers, {"SELECT", std::to_string(options_.database)});
  append_greeting(greeting, answers, {"PING"});

  reader_.reset();
  // Somebody who accepts and says nothing is not waited for without end.
  open_ = &stream;
  heard_ = loop_.now();
  loop_.start(silence_, heard_ + options_.connect);
  const Result<void> greeted = co_await shake_hands(stream, greeting, answers);
  loop_.stop(silence_);
  if (!greeted) {
    open_ = nullptr;
    co_return greeted.error();
  }

  has_output_.reset();
  go_up();
  async::TaskHandle<void> writer =
      async::spawn(loop_, stop_.token(), [this, &stream] { return write(stream); });
  Fault fault{FaultKind::kUnavailable, "Redis has closed the connection", {}};
  for (;;) {
    const std::span<char> room = reader_.room(kReadAtOnce);
    const Result<std::size_t> size = co_await stream.read_some(room);
    if (!size || *size == 0) {
      if (!size && stream.is_open()) fault = size.error();
      break;
    }
    reader_.commit(*size);
    heard_ = loop_.now();
    const bool is_good = take_replies();
    if (!is_good) {
      fault = {FaultKind::kUnavailable, "what Redis answers is not its protocol", {}};
      break;
    }
  }
  open_ = nullptr;
  stream.close();
  has_output_.set();
  co_await writer.join();
  co_return fault;
}

async::Task<Result<void>> Link::shake_hands(io::net::Stream& stream, std::string_view greeting,
                                            std::size_t answers) {
  const Result<void> written = co_await stream.write(greeting);
  if (!written) co_return written.error();
  while (answers > 0) {
    Reply reply;
    const ReplyReader::Next next = reader_.next(reply);
    if (next == ReplyReader::Next::kBroken)
      co_return Fault{FaultKind::kUnavailable, "what Redis answers is not its protocol", {}};
    if (next == ReplyReader::Next::kReply) {
      --answers;
      if (!reply.is_error()) continue;
      if (reply.is_error("WRONGPASS") || reply.is_error("NOAUTH") || reply.is_error("ERR"))
        co_return Fault{FaultKind::kUnavailable, "Redis refuses user, password or database", {}};
      co_return Fault{FaultKind::kUnavailable, "Redis is not ready yet", {}};
    }
    const std::span<char> room = reader_.room(kReadAtOnce);
    const Result<std::size_t> size = co_await stream.read_some(room);
    if (!size) co_return size.error();
    if (*size == 0) co_return Fault{FaultKind::kUnavailable, "Redis has closed the connection", {}};
    reader_.commit(*size);
  }
  co_return Result<void>();
}

// Whatever has been put together while the last bytes were written goes with the next write.
async::Task<> Link::write(io::net::Stream& stream) {
  for (;;) {
    const Result<void> woken = co_await has_output_.wait();
    if (!woken || open_ != &stream) co_return;
    has_output_.reset();
    writing_.clear();
    writing_.swap(out_);
    if (writing_.empty()) continue;
    const Result<void> written = co_await stream.write(writing_);
    if (!written) {
      stream.close();
      co_return;
    }
  }
}

void Link::go_up() {
  state_ = State::kReady;
  failures_ = 0;
  why_.clear();
  client_.counts_.open.add();
  if (std::exchange(was_up_, true)) client_.counts_.reconnects.add();
  heard_ = loop_.now();
  // What was given up meanwhile is not sent at all.
  for (std::size_t left = queue_.size(); left > 0; --left) {
    Command* const command = queue_.pop();
    if (command == nullptr) {
      client_.counts_.in_flight.take_off();
      continue;
    }
    command->number_ = queue_.push(command);
    send(*command);
  }
}

void Link::go_down(const Fault& fault) noexcept {
  if (state_ == State::kReady) client_.counts_.open.take_off();
  state_ = State::kDown;
  loop_.stop(silence_);
  why_ = fault.why.view();
  out_.clear();
  ++failures_;
  fail_queue();
}

// Whoever hears of it may give up others; what it starts comes later.
void Link::fail_queue() noexcept {
  for (std::size_t left = queue_.size(); left > 0; --left) {
    Command* const command = next_in_queue();
    if (command == nullptr) continue;
    client_.on_failure(*command, {FaultKind::kUnavailable, String::borrowed(why_), {}});
  }
}

// Doubled with each failure, and up to half of it less, so that workers do not come all at once.
Duration Link::next_pause() noexcept {
  const unsigned doublings = std::min(failures_ - 1, 16U);
  const std::int64_t longest =
      std::min(options_.first_pause.nanoseconds << doublings, options_.longest_pause.nanoseconds);
  return Duration{longest -
                  static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(longest / 2 + 1)))};
}

// --- Silence ---

void Link::watch() noexcept {
  if (!silence_.running()) loop_.start(silence_, heard_ + options_.silence);
}

void Link::on_silence() noexcept {
  if (open_ == nullptr) return;
  if (state_ == State::kReady) {
    if (queue_.empty()) return;
    if (heard_ + options_.silence > loop_.now()) return loop_.start(silence_, heard_ + options_.silence);
  }
  open_->close();
}

}  // namespace zerver::effects::redis
