// PostgreSQL's client library, loaded when it is first needed: it brings in two dozen others, which would
// cost milliseconds at every start of the compiler.

#pragma once

#include <libpq-fe.h>
#include <llvm/Support/Error.h>

namespace zc::sql {

// The functions that are used, by their own names (https://www.postgresql.org/docs/15/libpq.html).
struct Libpq {
  decltype(&PQconnectStartParams) connect_start = nullptr;
  decltype(&PQconnectPoll) connect_poll = nullptr;
  decltype(&PQsocket) socket = nullptr;
  decltype(&PQstatus) status = nullptr;
  decltype(&PQserverVersion) server_version = nullptr;
  decltype(&PQerrorMessage) error_message = nullptr;
  decltype(&PQfinish) finish = nullptr;
  decltype(&PQsetNoticeProcessor) set_notice_processor = nullptr;
  decltype(&PQexec) exec = nullptr;
  decltype(&PQexecParams) exec_params = nullptr;
  decltype(&PQprepare) prepare = nullptr;
  decltype(&PQdescribePrepared) describe_prepared = nullptr;
  decltype(&PQclear) clear = nullptr;
  decltype(&PQresultStatus) result_status = nullptr;
  decltype(&PQresultErrorField) error_field = nullptr;
  decltype(&PQntuples) rows = nullptr;
  decltype(&PQgetvalue) value = nullptr;
  decltype(&PQgetisnull) is_null = nullptr;
  decltype(&PQnfields) fields = nullptr;
  decltype(&PQfname) field_name = nullptr;
  decltype(&PQftable) field_table = nullptr;
  decltype(&PQftablecol) field_column = nullptr;
  decltype(&PQftype) field_type = nullptr;
  decltype(&PQnparams) parameters = nullptr;
  decltype(&PQparamtype) parameter_type = nullptr;

  // The error says what to install.
  [[nodiscard]] static llvm::Expected<Libpq> load();
};

}  // namespace zc::sql
