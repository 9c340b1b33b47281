// The adapter `sql` over SQLite.
#pragma once

#include <zerver/effects/registry.h>

#include <map>
#include <memory>
#include <string>

namespace zerver::effects::sqlite {

class Pool;

// Opens `sqlite:PATH` and `sqlite::memory:`. With `?schema=FILE` behind it that file
// is the schema instead of the package's, with `?synchronous=full` a commit waits for the disk. Targets of
// one database share its threads.
class OpenSql {
 public:
  Opened operator()(const flow::TargetInfo& target, const std::string& url) const;

 private:
  using Pools = std::map<std::string, std::weak_ptr<Pool>>;
  std::shared_ptr<Pools> pools_ = std::make_shared<Pools>();  // what is open now, by path
};

}  // namespace zerver::effects::sqlite
