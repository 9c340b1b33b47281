// A request as it is to be sent, in either version of HTTP; its memory is kept for the next one.
#pragma once

#include "settings.h"
#include <zerver/core/list.h>
#include <zerver/core/message.h>
#include <zerver/core/output_buffer.h>
#include <zerver/effects/http/gzip.h>
#include <zerver/effects/http/http_service.h>
#include <zerver/flow/call/operation.h>

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace zerver::effects::http_client {

// As much memory as a buffer keeps for the next request.
inline constexpr std::size_t kKeptBuffer = std::size_t{64} << 10;

// What the operation asks for. Its texts are those of the flow.
struct Wanted {
  Method method = Method::kGet;
  std::string_view method_name = {};  // of kOther
  std::string_view path;
  const Map<String>* query = nullptr;
  const Map<String>* headers = nullptr;
  std::string_view body = {};
  std::string_view content_type = {};   // empty: there is no body
  std::string_view accept = "*/*";      // empty: the protocol has its own words for it
  std::span<const Header> fields = {};  // of such a protocol
  bool is_repeatable = false;           // whatever the method is
  // Which field tells the time that is left, and in which unit.
  std::string_view time_field = "Zerver-Timeout-Ms", time_unit = {};
  HttpReceiver* receiver = nullptr;  // reads the response in place of what a Form makes of it
  HttpStreamReceiver* streams = nullptr;
  flow::Source* body_source = nullptr;  // sent in place of `body`
};

class Request {
 public:
  // Why it cannot be sent, static, or empty: in a path, a field or a method is what would be understood as
  // something else.
  // `authorization`: of the target, a field's value; empty: none.
  // `gzip` is only used within.
  [[nodiscard]] std::string_view make(const Wanted& wanted, flow::Operation& operation,
                                      const Settings& settings, std::string_view authorization, Gzip& gzip);

  // It goes on to another place (RFC 9110, 15.4), where what belongs to the first one is not told.
  // False when it is not to: the place is less safe than the one before, or a body would go to another
  // origin.
  [[nodiscard]] bool redirect(std::uint16_t status, Url target);

  // How much time is left, written anew for each time that it is sent.
  void set_time_left(Duration left);

  Method method() const noexcept { return method_; }
  std::string_view method_name() const noexcept;
  const Origin& origin() const noexcept { return url_.origin; }
  const Url& url() const noexcept { return url_; }
  std::string_view target() const noexcept { return url_.target; }
  std::string_view content_type() const noexcept { return content_type_; }
  std::string_view body() const noexcept { return body_; }
  bool has_body() const noexcept { return has_body_; }
  // Content-Encoding of the body; empty: none.
  std::string_view content_coding() const noexcept { return content_coding_; }
  std::span<const Header> fields() const noexcept { return fields_; }
  // Sent twice it does what it does once: by its method, or because the other side knows its key.
  bool is_repeatable() const noexcept { return is_repeatable_; }

 private:
  static constexpr std::size_t kTimeSize = 20;

  void compress(Gzip& gzip);
  void make_target(const Wanted& wanted, const Settings& settings);
  [[nodiscard]] std::string_view add_callers(const Map<String>* headers);
  bool has(std::string_view lower_case_name) const noexcept;
  void add(std::string_view name, std::string_view value) { fields_.push_back({name, value}); }

  Method method_ = Method::kGet;
  std::string_view method_name_;
  Url url_;
  std::string_view content_type_;
  std::string_view body_;
  std::string_view content_coding_;
  OutputBuffer coded_;
  bool has_body_ = false;
  bool is_streamed_ = false;
  bool is_repeatable_ = false;
  std::size_t own_fields_ = 0;  // the first ones, which go to any origin
  std::vector<Header> fields_;
  std::string authorization_;  // the target may get another one meanwhile
  std::array<char, flow::TraceContext::kParentSize> trace_parent_{};
  std::array<char, kTimeSize> time_left_{};
  std::string_view time_field_, time_unit_;
};

}  // namespace zerver::effects::http_client
