// Where the journals of a test are: a file in a folder of its own, or a database of a server that all share.
#pragma once

#include "runtime/effects/test/journal_folder.h"
#include "tests/support/servers/postgres_server.h"

#include <gtest/gtest.h>

#include <string>

namespace zerver::effects {

enum class JournalPlaceKind { kMemory, kFile, kServer };

inline std::string name_of_kind(const ::testing::TestParamInfo<JournalPlaceKind>& tested) {
  return tested.param == JournalPlaceKind::kMemory ? "Memory"
         : tested.param == JournalPlaceKind::kFile ? "AFile"
                                                   : "AServer";
}

// One for all tests; each has a database of its own.
inline test::PostgresServer& journal_server() {
  static test::PostgresServer the_server;
  return the_server;
}

inline std::string url_of_database(const std::string& name) {
  std::string url = journal_server().url();
  return url.replace(url.rfind('/') + 1, std::string::npos, name);
}

inline std::string new_database() {
  static int databases = 0;
  const std::string name = "journal" + std::to_string(++databases);
  journal_server().query("create database " + name);
  return url_of_database(name);
}

// Which has no journal yet.
class JournalPlace {
 public:
  explicit JournalPlace(JournalPlaceKind kind)
      : url_(kind == JournalPlaceKind::kServer ? new_database() : "sqlite:" + folder_.file()) {}
  const std::string& url() const noexcept { return url_; }
  // Of the server.
  std::string database() const { return url_.substr(url_.rfind('/') + 1); }

 private:
  JournalFolder folder_;
  std::string url_;
};

}  // namespace zerver::effects
