// Binds the functions by their names.

#include "compiler/sql/postgresql/libpq.h"

#include <dlfcn.h>
#include <system_error>

namespace zc::sql {

namespace {

template <typename Function> bool bind(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

}  // namespace

llvm::Expected<Libpq> Libpq::load() {
  const auto failed = [](const char* why) {
    return llvm::createStringError(
        std::make_error_code(std::errc::no_such_file_or_directory),
        std::string("libpq cannot be loaded: ") + why + "; on Debian it is in the package libpq5");
  };
  // Stays until the program ends.
  void* const library = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return failed(dlerror());
  Libpq pq;
  const bool is_complete =
      bind(library, "PQconnectStartParams", pq.connect_start) &&
      bind(library, "PQconnectPoll", pq.connect_poll) && bind(library, "PQsocket", pq.socket) &&
      bind(library, "PQstatus", pq.status) && bind(library, "PQserverVersion", pq.server_version) &&
      bind(library, "PQerrorMessage", pq.error_message) && bind(library, "PQfinish", pq.finish) &&
      bind(library, "PQsetNoticeProcessor", pq.set_notice_processor) && bind(library, "PQexec", pq.exec) &&
      bind(library, "PQexecParams", pq.exec_params) && bind(library, "PQprepare", pq.prepare) &&
      bind(library, "PQdescribePrepared", pq.describe_prepared) && bind(library, "PQclear", pq.clear) &&
      bind(library, "PQresultStatus", pq.result_status) &&
      bind(library, "PQresultErrorField", pq.error_field) && bind(library, "PQntuples", pq.rows) &&
      bind(library, "PQgetvalue", pq.value) && bind(library, "PQgetisnull", pq.is_null) &&
      bind(library, "PQnfields", pq.fields) && bind(library, "PQfname", pq.field_name) &&
      bind(library, "PQftable", pq.field_table) && bind(library, "PQftablecol", pq.field_column) &&
      bind(library, "PQftype", pq.field_type) && bind(library, "PQnparams", pq.parameters) &&
      bind(library, "PQparamtype", pq.parameter_type);
  if (!is_complete) return failed("it is too old");
  return pq;
}

}  // namespace zc::sql
