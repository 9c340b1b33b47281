// A schema of a test's own on the real server, with a table `entry`, and requests whose transactions are
// there.
#pragma once

#include "runtime/effects/sql/test/postgres/fixture.h"
#include <zerver/flow/call/in_flight.h>
#include <zerver/flow/transaction/transaction.h>
#include <zerver/testing/adapter_harness.h>

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace zerver::effects {

class EntryTable : public ::testing::Test {
 protected:
  struct Request final : flow::Exchange {
    explicit Request(flow::Worker& worker) : Exchange(worker, [](Exchange&) noexcept {}) {}
  };

  // `columns` of the table.
  EntryTable(std::string columns, std::uint32_t pool) : columns_(std::move(columns)) {
    static std::atomic<int> count = 0;
    schema = "entries_" + std::to_string(++count);
    server().query("create schema " + schema);
    add_standard_adapters(registry);
    open(pool);
  }

  // Anew, with this many connections.
  void open(std::uint32_t pool) {
    request.reset();
    sql = std::make_unique<testing::AdapterHarness>(
        registry, "zerver.sql",
        testing::HarnessOptions{.arguments = {{"url", server().url("?options=-csearch_path%3D" + schema)}},
                                .schema = "create table entry (" + columns_ + ")",
                                .pool = pool});
    if (!sql->error().empty()) throw std::runtime_error(sql->error());
    target = std::make_unique<flow::Target>("db", &sql->adapter(), &in_flight);
    targets[0] = target.get();
    request = std::make_unique<Request>(sql->worker());
    request->set_targets(targets);
  }

  // What the server says, over a connection of its own.
  std::string query(const std::string& text) const {
    return server().query("set search_path = " + schema + "; " + text);
  }

  std::string schema;
  Registry registry;
  flow::InFlight in_flight{64, 0};
  std::unique_ptr<testing::AdapterHarness> sql;
  std::unique_ptr<flow::Target> target;
  flow::Target* targets[1] = {nullptr};
  std::unique_ptr<Request> request;

 private:
  std::string columns_;
};

}  // namespace zerver::effects
