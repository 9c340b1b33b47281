// One client's connection: reads, serves all complete requests of a read, writes their answers at once.
#pragma once

#include "connection_host.h"
#include "request_context.h"
#include <zerver/core/time.h>
#include <zerver/http/response_writer.h>
#include <zerver/io/asio_loop.h>
#include <zerver/io/handler_memory.h>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <string_view>

namespace zerver::server {

// Pooled by its host, used by one thread. Requests are answered in their order: while a flow waits for an
// effect, nothing of the connection is parsed. What it holds is bounded: one request of limited size, the
// answers up to Settings::pipelined_output, and no reading while a client does not take them. An idle one
// holds a socket and less than a kilobyte.
class Connection final : private ServedExchange::Owner, private flow::PartSink {
 public:
  using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, io::AsioLoop::Executor>;

  explicit Connection(ConnectionHost& host);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Serves the client until either side ends it; then the host's on_closed() is called, and the connection
  // can serve another one.
  void open(Socket&& socket);
  // Now and then: ends what takes too long, and looks whether the client of a waiting flow is still there.
  void check();
  // Goes on after a stall.
  void resume();
  // Ends as soon as no request is under way.
  void drain();
  // Ends now. What is under way is given up.
  void close() noexcept;

  // The exchange of a flow that runs or waits; null when there is none.
  const ServedExchange* handled() const noexcept { return handling_ ? &context_->exchange : nullptr; }

  // For the host: the ring of its open connections.
  Connection* previous = this;
  Connection* next = this;
  // And its line of stalled ones.
  Connection* previous_stalled = nullptr;
  Connection* next_stalled = nullptr;

 private:
  // What the connection waits for.
  enum class Phase : std::uint8_t { kIdle, kHead, kBody, kHandling, kWriting, kLingering };
  // What comes after what is to be sent has been sent; kTurn: what is to be sent may wait a little for more.
  // kAbort: the client is to notice that what it has got is not all.
  enum class Then : std::uint8_t { kParse, kRead, kTurn, kWait, kEnd, kAbort };
  enum class Sent : std::uint8_t { kAll, kLater, kFailed };
  // What is left to send of a file, behind everything else.
  struct FileLeft {
    int descriptor = -1;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;  // 0: there is none
  };
  // A part of a body that the flow still makes.
  enum class Part : std::uint8_t { kNone, kWaiting, kSending };

  class ReadJob final : public async::Job {
   public:
    explicit ReadJob(Connection& connection) noexcept
        : Job([](Job& job) noexcept { static_cast<ReadJob&>(job).connection_.start_reading(); }),
          connection_(connection) {}

   private:
    Connection& connection_;
  };

  class FlushJob final : public async::Job {
   public:
    explicit FlushJob(Connection& connection) noexcept
        : Job([](Job& job) noexcept { static_cast<FlushJob&>(job).connection_.flush(); }),
          connection_(connection) {}

   private:
    Connection& connection_;
  };

  class PartJob final : public async::Job {
   public:
    explicit PartJob(Connection& connection) noexcept
        : Job([](Job& job) noexcept { static_cast<PartJob&>(job).connection_.on_part(); }),
          connection_(connection) {}

   private:
    Connection& connection_;
  };

  void go_on(Then then);
  Then serve_next();
  Then answer();
  http::ResponseContext response_context() const noexcept;
  void count_answer(std::uint16_t status) noexcept;
  void finish_request();
  void refuse(std::uint16_t status, std::string_view detail);

  void stall() noexcept;
  void read();
  void start_reading();
  void watch();
  void on_read(const boost::system::error_code& error, std::size_t size);
  void on_readable(const boost::system::error_code& error);
  void received(const boost::system::error_code& error, std::size_t size);
  void on_finished() noexcept override;

  void send_part(flow::Exchange& exchange) noexcept override;
  void on_part() noexcept;
  void append_part();
  Then end_parts();
  Then answer_file();
  Sent send_file();
  void go_on_writing() noexcept;

  void hold();
  void flush() noexcept;
  Sent send();
  void on_written(const boost::system::error_code& error, std::size_t size);
  void mark_sent(std::size_t size) noexcept;
  void end();

  bool idle() const noexcept;
  void take_context();
  void give_back_context() noexcept;
  void enter(Phase phase) noexcept;
  void release_when_quiet() noexcept;
  template <class Work> void guarded(Work work) noexcept;

  ConnectionHost& host_;
  Socket socket_;
  std::unique_ptr<RequestContext>
      context_;                 // null: nothing is expected but the client's next word, or its end
  std::size_t sent_ = 0;        // of what is to be sent
  std::string_view body_left_;  // a large body that is sent behind that from where it is
  TimePoint since_;             // when the phase began, as of the host's last tick
  Phase phase_ = Phase::kIdle;
  Then then_ = Then::kRead;  // after what is being written
  bool closed_ = true;
  bool closing_ = false;  // close() runs
  bool keep_alive_ = true;
  bool handling_ = false;    // a flow has the exchange
  bool finished_ = false;    // the flow finished while earlier answers were being written
  bool reading_ = false;     // operations of Asio that are under way
  bool letting_go_ = false;  // the read is being cancelled, to give the context back
  bool watching_ = false;
  bool writing_ = false;
  bool holding_ = false;  // flush() comes
  Part part_ = Part::kNone;
  bool in_parts_ = false;    // the head of such an answer is written
  bool part_comes_ = false;  // on_part() comes
  bool file_waits_ = false;  // for its turn, which on_part() is
  FileLeft file_;
  bool stalled_ = false;  // resume() comes
  std::uint8_t client_ip_size_ = 0;
  std::array<char, 46> client_ip_;
  ReadJob read_job_{*this};
  FlushJob flush_job_{*this};
  PartJob part_job_{*this};
  io::HandlerMemory read_memory_;  // of reading or watching: there is one of them at a time
};

// Nothing that happens to one connection ends the others: without memory for it, it is closed.
template <class Work> void Connection::guarded(Work work) noexcept {
  try {
    work();
  } catch (const std::exception& error) {
    host_.worker().log().write(LogLevel::kError, error.what());
    close();
  }
}

}  // namespace zerver::server
