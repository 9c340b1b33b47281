#include "compiler/lock/value_range.h"

#include <llvm/Support/Error.h>

namespace zc::lock {
namespace {

// False when the text is there and no number.
bool read(llvm::StringRef text, std::optional<llvm::APFloat>& bound) {
  if (text.empty()) return true;
  llvm::APFloat number(llvm::APFloat::IEEEquad());
  llvm::Expected<llvm::APFloat::opStatus> status =
      number.convertFromString(text, llvm::APFloat::rmNearestTiesToEven);
  if (!status) {
    llvm::consumeError(status.takeError());
    return false;
  }
  if (number.isNaN()) return false;
  bound = number;
  return true;
}

}  // namespace

std::optional<ValueRange> parse_range(llvm::StringRef text) {
  const std::size_t dots = text.find("..");
  if (dots == llvm::StringRef::npos || text.size() == 2) return std::nullopt;
  ValueRange range;
  if (!read(text.take_front(dots), range.least) || !read(text.drop_front(dots + 2), range.most))
    return std::nullopt;
  return range;
}

bool is_within(const ValueRange& inner, const ValueRange& outer) {
  const bool above = !outer.least || (inner.least && *inner.least >= *outer.least);
  const bool below = !outer.most || (inner.most && *inner.most <= *outer.most);
  return above && below;
}

}  // namespace zc::lock
