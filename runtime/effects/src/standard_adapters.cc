#include "seam_adapters.h"
#include "static_tokens.h"
#include <zerver/effects/compute/compute.h>
#include <zerver/effects/file/open_file.h>
#include <zerver/effects/grpc/open_grpc.h>
#include <zerver/effects/http/open_http.h>
#include <zerver/effects/kv/open_kv.h>
#include <zerver/effects/net/open_net.h>
#include <zerver/effects/queue/open_queue.h>
#include <zerver/effects/registry.h>
#include <zerver/effects/sql/open_sql.h>

namespace zerver::effects {

void add_standard_adapters(Registry& registry) {
  const Registry::Open sql = open_sql();
  registry.add_default({"zerver.sql", ZERVER_VERSION, "SQLite and PostgreSQL databases"}, sql);
  registry.add_default({"zerver.http", ZERVER_VERSION, "other services, by HTTP/1.1 and HTTP/2"},
                       open_http());
  registry.add_default({"zerver.grpc", ZERVER_VERSION, "services of gRPC"}, open_grpc());
  registry.add_default({"zerver.kv", ZERVER_VERSION, "stores in memory, Redis, SQLite and PostgreSQL"},
                       open_kv({.open = sql}));
  registry.add_default({"zerver.net.tcp", ZERVER_VERSION, "servers over TCP, TLS and Unix sockets"},
                       open_tcp());
  registry.add_default({"zerver.net.udp", ZERVER_VERSION, "servers over UDP"}, open_udp());
  registry.add_default({"zerver.net.websocket", ZERVER_VERSION, "servers of WebSockets"}, open_websocket());
  registry.add_default({"zerver.file", ZERVER_VERSION, "files of this machine"}, open_file());
  registry.add_default({"zerver.compute", ZERVER_VERSION, "functions of this program"}, open_compute({}));
  registry.add_default(
      {"zerver.queue", ZERVER_VERSION, "queues in memory, SQLite, PostgreSQL, Redis and NATS"},
      open_queue_adapter());
  registry.add_default({"zerver.clock", ZERVER_VERSION, "the clock of this machine"}, open_clock);
  registry.add_default({"zerver.random", ZERVER_VERSION, "the random numbers of this machine"}, open_random);
  registry.add_default({"zerver.auth.tokens", ZERVER_VERSION, "a table of users and their tokens"},
                       open_tokens);
}

}  // namespace zerver::effects
