// What an operation that streams has opened: rows or bytes in parts, when they are asked for.
#pragma once

#include <zerver/core/fault.h>
#include <zerver/core/message.h>
#include <zerver/flow/data/row_source.h>

#include <string_view>

namespace zerver::flow {

class Exchange;

// What is known of a body before its first byte. Text is valid until the source is closed.
struct BodyInfo {
  std::string_view content_type;  // empty: nobody knows
  FileBody file;                  // it is a file: the server sends it, and asks for no part
};

// Made by an adapter, on the thread of its worker, and handed out by StreamReply::open(). Belongs to a flow
// until that closes it, once; from then on it is the adapter's again, and tells nothing more to anybody. An
// adapter outlives the sources of its worker. An adapter that is given one as an argument asks it for parts
// while its operation goes on, and ends that with finish().
class Source {
 public:
  class Reader {
   public:
    // A RowSource, a List<T> or a std::string_view, for `row stream<T>`, `stream<T>` (also as JSON) and
    // `stream<bytes>`, with at least one row, element or byte. It stays as it is until the next part is asked
    // for, or the source is closed.
    virtual void on_part(const void* part) noexcept = 0;
    virtual void on_end() noexcept = 0;
    // There is no further part, because something went wrong.
    virtual void on_failure(const Fault& fault) noexcept = 0;

   protected:
    ~Reader() = default;
  };

  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  // One of the reader's functions follows, once, also from within. Asked for again only behind a part.
  virtual void next(Reader& reader) noexcept = 0;
  // Nobody wants the rest: what is under way for it is cancelled. May destroy it.
  virtual void close() noexcept = 0;
  virtual BodyInfo info() const noexcept { return {}; }
  // In place of close() for whoever has it as an argument: the flow that holds it does so no longer.
  void finish() noexcept;

 protected:
  Source() noexcept = default;
  ~Source() = default;

 private:
  friend class Exchange;

  Exchange* holder_ = nullptr;
  Source* next_held_ = nullptr;  // in the exchange's list
};

// `stream<T>` of the language. Its source is the exchange's.
template <class T> struct Stream {
  using value_type = T;

  Source* source = nullptr;
  RowLayout rows = {};    // of rows, as the statement has them
  bool is_typed = false;  // its parts are lists of values, no rows
};

}  // namespace zerver::flow
