#include <zerver/flow/block/branch.h>

namespace zerver::flow {

bool AllBranchesBase::start(std::span<Branch* const> branches, std::coroutine_handle<> waiter) noexcept {
  pending_ = branches.size() + 1;  // so that it is not over before the last has started
  for (Branch* const branch : branches)
    branch->start(*this);
  if (--pending_ == 0) return false;
  waiter_ = waiter;
  return true;
}

Exit AllBranchesBase::first_exit(std::span<Branch* const> branches) noexcept {
  for (const Branch* const branch : branches)
    if (branch->exit().left()) return branch->exit();
  return {};
}

void AllBranchesBase::ended(Branch&) noexcept {
  if (--pending_ == 0) waiter_.resume();
}

}  // namespace zerver::flow
