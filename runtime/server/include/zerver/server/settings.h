// What an operator can set of a service.
#pragma once

#include <zerver/core/time.h>
#include <zerver/http/limits.h>
#include <zerver/program/config.h>
#include <zerver/server/scheduling.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace zerver::server {

struct Timeouts {
  Duration idle = Duration::from_seconds(60);  // between two requests of a connection
  Duration head = Duration::from_seconds(10);  // from a request's first byte to the end of its header section
  Duration body = Duration::from_seconds(30);  // from there to the end of its body
  Duration write = Duration::from_seconds(30);  // for the client to take some of an answer
  Duration drain = Duration::from_seconds(10);  // from a signal to the end of whatever is still under way
};

// Records of what flows have done: one for each thing that happens to a request.
struct AuditSettings {
  std::string folder;                           // where its files are; empty: there is no audit
  std::size_t segment = std::size_t{64} << 20;  // bytes of a file, then another one begins
  Duration keep = Duration::max();              // a file goes when its last record is older
};

struct Settings {
  Executor executor = Executor::kProactor;  // kInline: workers perform effects themselves, where adapters can
  std::vector<std::string> listen = {"127.0.0.1:8080"};  // `HOST:PORT`, `[::1]:PORT`; port 0: any free one
  // `HOST:PORT` on which others read how the service is doing; empty: nowhere, and nothing is counted for
  // them.
  std::string metrics;
  unsigned workers = 1;
  // Threads for flows of the class `batch`, which run when nothing else wants the processor, or when such a
  // flow has waited for the lead of its class. Without any, such flows run on the workers.
  unsigned batch_workers = 0;
  Scheduling scheduling;
  // Of all workers. More wait in the backlog for a moment, then they get 503.
  std::size_t connections = 10'000;
  // Bytes that the program may have allocated; above it nothing is accepted or read for a while. 0: any
  // number.
  std::size_t memory = 0;
  std::size_t pipelined_output = std::size_t{256}
                                 << 10;  // answers of a connection that wait to be sent; then no more is read
  std::size_t request_memory = std::size_t{1} << 20;  // of the arena of one request
  std::size_t json_depth = 32;
  std::string saga_journal;           // a path or a URL; empty: `PROGRAM.sagas.db` in the working directory
  std::string job_store = "memory:";  // the URL of the store of jobs
  std::string job_queue = "jobs";     // in it, what this program puts and claims
  std::string journal = "memory:";    // the URL of the journal of durable jobs
  Duration journal_keep = Duration::from_seconds(30LL * 24 * 60 * 60);  // one that nothing is written to
  AuditSettings audit;
  std::string server_field;  // the value of the Server field; empty: none is sent
  http::Limits http;
  Timeouts timeouts;
  Duration watchdog = Duration::max();  // report a worker that is busy with one thing for longer
};

}  // namespace zerver::server
