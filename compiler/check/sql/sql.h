// Statements, prepared while the program is compiled.

#pragma once

#include "compiler/check/context.h"

namespace zc::sql {
class Server;
}

namespace zc::check {

// Loads the schemas of packages that talk to a database, and checks each `sql"..."` against its own: syntax,
// names, parameters, and how its columns become the fields of what it is read into. Fills
// `EffectCall::columns`. `server` is PostgreSQL's, for `--sql-check`; it may be null.
void check_sql(Context& context, sql::Server* server);

}  // namespace zc::check
