// What one worker serves.
#pragma once

#include <zerver/flow/call/target.h>
#include <zerver/flow/service.h>

#include <vector>

namespace zerver::server {

// A package and, for one worker, the systems that its flows talk to, in the order of PackageInfo::targets;
// and the rates of its policies, in that of PackageInfo::rates, which all workers share.
struct BoundPackage {
  const flow::PackageInfo* package = nullptr;
  std::vector<flow::Target*> targets;
  std::vector<flow::Rate*> rates = {};
};

}  // namespace zerver::server
