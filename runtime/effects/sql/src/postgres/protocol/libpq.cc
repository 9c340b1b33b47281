#include "libpq.h"

#include <dlfcn.h>

namespace zerver::effects::postgres {

std::string Libpq::load() {
  void* const library = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr)
    return "libpq cannot be loaded: " + std::string(dlerror()) + "; on Debian it is in the package libpq5";
  const auto bind = [library]<class Function>(const char* name, Function& function) {
    function = reinterpret_cast<Function>(dlsym(library, name));
    return function != nullptr;
  };
#define LIBPQ(member, function) \
  if (!bind(#function, member)) return "libpq is older than PostgreSQL 14: it has no " #function;
#include "libpq_functions.def"
#undef LIBPQ
  return {};
}

}  // namespace zerver::effects::postgres
