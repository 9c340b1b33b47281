# The libraries that Zerver is built on, each with the version it needs and a clear word when it is missing.
# All come from Debian 12; tools/setup installs them.

# zerver_require(NAME FOUND VERSION_FOUND VERSION_NEEDED PACKAGE): stops unless NAME is there in VERSION_NEEDED or newer.
function(zerver_require name found version needed package)
  if(NOT found)
    message(FATAL_ERROR "Zerver needs ${name} ${needed} or newer and found none. On Debian 12: apt install ${package}, or tools/setup")
  endif()
  if(version STREQUAL "")
    set(version "none that tells its version")
  endif()
  if(version VERSION_LESS needed)
    message(FATAL_ERROR "Zerver needs ${name} ${needed} or newer; found ${version}. On Debian 12: apt install ${package}, or tools/setup")
  endif()
endfunction()

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

# --- The runtime ---
find_package(Boost 1.81 QUIET CONFIG COMPONENTS context)
zerver_require(Boost "${Boost_FOUND}" "${Boost_VERSION}" 1.81 "libboost1.81-dev libboost-context1.81-dev")
find_package(simdjson QUIET CONFIG)
zerver_require(simdjson "${simdjson_FOUND}" "${simdjson_VERSION}" 3.0 libsimdjson-dev)
find_package(SQLite3 QUIET)
zerver_require(SQLite "${SQLite3_FOUND}" "${SQLite3_VERSION}" 3.40 libsqlite3-dev)
find_package(OpenSSL QUIET)
zerver_require(OpenSSL "${OPENSSL_FOUND}" "${OPENSSL_VERSION}" 3.0 libssl-dev)
# It has no package for CMake; where it is installed, `cares` is enough to link it.
find_path(ZERVER_CARES_INCLUDE_DIR ares.h)
find_library(ZERVER_CARES_LIBRARY cares)
if(ZERVER_CARES_INCLUDE_DIR AND ZERVER_CARES_LIBRARY)
  file(STRINGS "${ZERVER_CARES_INCLUDE_DIR}/ares_version.h" cares_version REGEX "define ARES_VERSION_STR ")
  string(REGEX REPLACE ".*\"(.*)\".*" "\\1" cares_version "${cares_version}")
endif()
zerver_require(c-ares "${ZERVER_CARES_LIBRARY}" "${cares_version}" 1.18 libc-ares-dev)
# HTTP/2 and content codings, likewise.
foreach(part IN ITEMS "nghttp2|nghttp2/nghttp2.h|libnghttp2-dev" "brotlidec|brotli/decode.h|libbrotli-dev"
                      "zstd|zstd.h|libzstd-dev" "z|zlib.h|zlib1g-dev")
  string(REPLACE "|" ";" part "${part}")
  list(GET part 0 name)
  list(GET part 1 header)
  list(GET part 2 package)
  find_path(ZERVER_${name}_HEADER ${header})
  find_library(ZERVER_${name}_LIBRARY ${name})
  if(NOT ZERVER_${name}_HEADER)
    set(ZERVER_${name}_LIBRARY FALSE)
  endif()
  zerver_require(${name} "${ZERVER_${name}_LIBRARY}" 1 1 ${package})
endforeach()

# Only its header, for the compiler, too: the library is loaded when a server of PostgreSQL is asked.
find_path(ZERVER_LIBPQ_INCLUDE_DIR libpq-fe.h PATH_SUFFIXES postgresql)
zerver_require("the header of libpq" "${ZERVER_LIBPQ_INCLUDE_DIR}" 15 15 libpq-dev)
add_library(zerver_libpq INTERFACE)
# The same of NATS.
find_path(ZERVER_LIBNATS_INCLUDE_DIR nats/nats.h)
zerver_require("the header of libnats" "${ZERVER_LIBNATS_INCLUDE_DIR}" 3.4 3.4 libnats-dev)
add_library(zerver_libnats INTERFACE)
target_include_directories(zerver_libnats SYSTEM INTERFACE "${ZERVER_LIBNATS_INCLUDE_DIR}")
target_include_directories(zerver_libpq SYSTEM INTERFACE "${ZERVER_LIBPQ_INCLUDE_DIR}")

# --- The compiler ---
if(ZERVER_BUILD_COMPILER)
  # The tool writes the lexer and parser, the runtime runs them. The serialised format of 4.7 to 4.9 is the same.
  find_program(ZERVER_ANTLR4_TOOL antlr4 DOC "The ANTLR 4 tool")
  if(ZERVER_ANTLR4_TOOL AND NOT ZERVER_ANTLR4_TOOL_VERSION)
    execute_process(COMMAND ${ZERVER_ANTLR4_TOOL} OUTPUT_VARIABLE banner ERROR_VARIABLE banner)
    if(banner MATCHES "Version ([0-9.]+)")
      set(ZERVER_ANTLR4_TOOL_VERSION "${CMAKE_MATCH_1}" CACHE INTERNAL "The version of the ANTLR 4 tool")
    endif()
  endif()
  zerver_require("the ANTLR tool" "${ZERVER_ANTLR4_TOOL}" "${ZERVER_ANTLR4_TOOL_VERSION}" 4.7.2 antlr4)
  find_package(antlr4-runtime QUIET CONFIG)
  zerver_require("the ANTLR C++ runtime" "${antlr4-runtime_FOUND}" "${ANTLR_VERSION}" 4.9 libantlr4-runtime-dev)
  add_library(zerver_antlr4 INTERFACE)
  target_include_directories(zerver_antlr4 SYSTEM INTERFACE "${ANTLR4_INCLUDE_DIR}")
  target_link_libraries(zerver_antlr4 INTERFACE antlr4_static Threads::Threads)

  # LLVM is API-compatible only within 19.1. Its exported targets would also bring in the shared libz3, which costs
  # milliseconds at every start of the program; Support alone needs zlib and zstd.
  set(zerver_log_level "${CMAKE_MESSAGE_LOG_LEVEL}")
  set(CMAKE_MESSAGE_LOG_LEVEL NOTICE)  # it looks for a dozen libraries that Support does not use, and reports each
  find_package(LLVM 19.1 QUIET CONFIG)
  set(CMAKE_MESSAGE_LOG_LEVEL "${zerver_log_level}")
  zerver_require(LLVM "${LLVM_FOUND}" "${LLVM_PACKAGE_VERSION}" 19.1 llvm-19-dev)
  find_package(ZLIB QUIET)
  zerver_require(zlib "${ZLIB_FOUND}" "${ZLIB_VERSION_STRING}" 1.2 zlib1g-dev)
  find_library(ZERVER_ZSTD_LIBRARY zstd)
  zerver_require(zstd "${ZERVER_ZSTD_LIBRARY}" 1.5 1.5 libzstd-dev)
  add_library(zerver_llvm INTERFACE)
  target_include_directories(zerver_llvm SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS})
  target_compile_definitions(zerver_llvm INTERFACE
    __STDC_CONSTANT_MACROS __STDC_FORMAT_MACROS __STDC_LIMIT_MACROS)
  target_link_libraries(zerver_llvm INTERFACE
    "$<TARGET_FILE:LLVMSupport>" "$<TARGET_FILE:LLVMDemangle>"
    ZLIB::ZLIB "${ZERVER_ZSTD_LIBRARY}" Threads::Threads ${CMAKE_DL_LIBS} m)

  find_path(ZERVER_MUSTACHE_INCLUDE_DIR kainjow/mustache.hpp)
  zerver_require("the kainjow mustache header" "${ZERVER_MUSTACHE_INCLUDE_DIR}" 4.1 4.1 libkainjow-mustache-dev)
  add_library(zerver_mustache INTERFACE)
  target_include_directories(zerver_mustache SYSTEM INTERFACE "${ZERVER_MUSTACHE_INCLUDE_DIR}")
endif()

# --- The tests ---
if(ZERVER_BUILD_TESTS)
  find_package(GTest QUIET CONFIG)
  zerver_require(GoogleTest "${GTest_FOUND}" "${GTest_VERSION}" 1.12 "libgtest-dev libgmock-dev")
  find_package(benchmark QUIET CONFIG)
  zerver_require("Google Benchmark" "${benchmark_FOUND}" "${benchmark_VERSION}" 1.7 libbenchmark-dev)
  # Tests import modules that are Debian's packages, which Debian's own Python finds and no other that comes first.
  find_program(Python3_EXECUTABLE python3 PATHS /usr/bin NO_DEFAULT_PATH)
  find_package(Python3 3.11 REQUIRED COMPONENTS Interpreter)
endif()
