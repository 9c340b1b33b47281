// Transactions: `tx { }` as written, and what may stand inside.

#pragma once

#include "compiler/check/analyses/flow_checks.h"
#include "compiler/syntax/statements.h"

namespace zc::check {

// The target, which the block's effects tell where it is not written, and the commit, which is a step of its
// own. The target is none, and that was reported, when it is not known or has no transactions.
[[nodiscard]] model::Transaction resolve_transaction(Context& context, model::PackageId package,
                                                     const syntax::TransactionStatement& written,
                                                     const model::Block& body);

// Puts the commit behind the last statement of the block, and before every answer inside it.
void place_commits(const model::Transaction& transaction, model::Block& body);

// What cannot be rolled back, or would not run on the connection of the transaction.
void check_transactions(FlowContext& flow);

}  // namespace zc::check
