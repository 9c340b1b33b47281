# How Zerver's own folders become targets.
#
#   zerver_library(NAME SOURCES a.cc ... [DEPENDS target ...] [PUBLIC_LIBS lib ...] [PRIVATE_LIBS lib ...]
#                  [NO_WARNINGS])
#   zerver_program(NAME SOURCES main.cc ... [DEPENDS target ...] [PRIVATE_LIBS lib ...] [OUTPUT_NAME name] [INSTALL])
#   zerver_test(NAME SOURCES a_test.cc ... [DEPENDS target ...] [PRIVATE_LIBS lib ...] [DATA dir] [LABELS label ...]
#               [AS_ONE])
#   zerver_benchmark(NAME SOURCES ... [DEPENDS target ...] [PRIVATE_LIBS lib ...])
#   zerver_fuzzer(NAME SOURCES ... [DEPENDS target ...] [CORPUS dir])
#   zerver_check(NAME COMMAND ... [LABELS label ...])        a script that is a test
#   zerver_add_folders(dir ...)                              add_subdirectory for each
#
# A library's name is its folder's path with `_`: compiler_syntax (alias compiler::syntax), runtime_http (alias
# runtime::http). DEPENDS are other libraries of ours and are passed on; libraries of others go to PUBLIC_LIBS when
# they appear in our headers, and to PRIVATE_LIBS when not.
#
#   compiler_*   includes from the repository's root: "compiler/base/span.h"
#   runtime_*    public headers in include/ as <zerver/core/arena.h>, sources and private headers in src/; part of
#                zerver::runtime, installed (runtime_testing is zerver::testing instead)

function(zerver_add_folders)
  foreach(folder IN LISTS ARGN)
    if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/CMakeLists.txt")
      add_subdirectory("${folder}")
    endif()
  endforeach()
endfunction()

# The warnings that all our code is clean under.
function(zerver_warnings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wconversion -Wshadow)
  # GCC 12 sees an overlap that is not there in `"text" + std::string()` (https://gcc.gnu.org/PR105651).
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    target_compile_options(${target} PRIVATE -Wno-restrict)
  endif()
  # GCC takes the instrumentation for uses (its manual, -fsanitize=undefined); the other presets have this warning.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND ZERVER_SANITIZE)
    target_compile_options(${target} PRIVATE -Wno-maybe-uninitialized)
  endif()
  if(ZERVER_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
endfunction()

# Where ZERVER_UNITY is on, sources of one folder are compiled together, at most six at a time, so that the headers, which
# are two thirds of what a source costs, are read once (docs/adr/0023_folders_are_compiled_together.md). Names in the
# unnamed namespaces of a folder must differ. Generated sources stay by themselves.
function(zerver_compile_together target)
  if(NOT ZERVER_UNITY)
    return()
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  # GCC holds whatever is not in its main file for a header, which others may include, too.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
  endif()
  set(groups "")
  foreach(source IN LISTS ARGN)
    cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" NORMALIZE OUTPUT_VARIABLE path)
    cmake_path(IS_PREFIX PROJECT_BINARY_DIR "${path}" is_generated)
    if(is_generated)
      continue()
    endif()
    cmake_path(GET source PARENT_PATH folder)
    string(MAKE_C_IDENTIFIER "in_${folder}" group)
    list(APPEND groups ${group})
    list(APPEND ${group} "${source}")
  endforeach()
  list(REMOVE_DUPLICATES groups)
  foreach(group IN LISTS groups)
    list(LENGTH ${group} count)
    math(EXPR parts "(${count} + 5) / 6")
    set(index 0)
    foreach(source IN LISTS ${group})
      math(EXPR part "${index} * ${parts} / ${count}")
      set_source_files_properties("${source}" PROPERTIES UNITY_GROUP "${group}_${part}")
      math(EXPR index "${index} + 1")
    endforeach()
  endforeach()
endfunction()

function(zerver_check_arguments prefix function)
  if(${prefix}_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "${function}: unknown arguments ${${prefix}_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT ${prefix}_SOURCES AND NOT function MATCHES "^zerver_(library|program)$")
    message(FATAL_ERROR "${function}: SOURCES is missing")
  endif()
endfunction()

# Libraries that leave nothing to link: who uses our static libraries does not need them.
set(ZERVER_HEADER_ONLY_LIBS Boost::headers zerver_libnats zerver_libpq)

function(zerver_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "NO_WARNINGS" "" "SOURCES;DEPENDS;PUBLIC_LIBS;PRIVATE_LIBS")
  zerver_check_arguments(arg zerver_library)
  if(NOT name MATCHES "^(compiler|runtime|tools|tests)_(.+)$")
    message(FATAL_ERROR "zerver_library: ${name} is not the path of a folder")
  endif()
  set(area "${CMAKE_MATCH_1}")
  set(folder "${CMAKE_MATCH_2}")

  if(arg_SOURCES)
    set(kind STATIC)
    set(visible PUBLIC)
    set(hidden PRIVATE)
  else()
    set(kind INTERFACE)
    set(visible INTERFACE)
    set(hidden INTERFACE)
  endif()
  set(private_libs "")
  foreach(lib IN LISTS arg_PRIVATE_LIBS)
    if(lib IN_LIST ZERVER_HEADER_ONLY_LIBS)
      set(lib "$<BUILD_INTERFACE:${lib}>")
    endif()
    list(APPEND private_libs "${lib}")
  endforeach()
  add_library(${name} ${kind} ${arg_SOURCES})
  add_library(${area}::${folder} ALIAS ${name})
  target_compile_features(${name} ${visible} cxx_std_20)
  target_link_libraries(${name} ${visible} ${arg_DEPENDS} ${arg_PUBLIC_LIBS} ${hidden} ${private_libs})

  if(area STREQUAL "runtime")
    target_include_directories(${name} ${visible}
      "$<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include>" "$<INSTALL_INTERFACE:include>")
    if(arg_SOURCES)
      target_include_directories(${name} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}/src")
    endif()
    set_target_properties(${name} PROPERTIES
      OUTPUT_NAME "zerver_${folder}"
      ZERVER_RUNTIME_PART ON
      ZERVER_PUBLIC_INCLUDE "${CMAKE_CURRENT_SOURCE_DIR}/include")
    set_property(GLOBAL APPEND PROPERTY ZERVER_RUNTIME_PARTS ${name})
  else()
    target_include_directories(${name} ${visible} "${PROJECT_SOURCE_DIR}" "${PROJECT_BINARY_DIR}")
  endif()

  if(arg_SOURCES)
    zerver_compile_together(${name} ${arg_SOURCES})
    if(NOT arg_NO_WARNINGS)
      zerver_warnings(${name})
    endif()
  endif()
endfunction()

function(zerver_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "INSTALL" "OUTPUT_NAME" "SOURCES;DEPENDS;PRIVATE_LIBS")
  zerver_check_arguments(arg zerver_program)
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_DEPENDS} ${arg_PRIVATE_LIBS})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}")
  if(arg_OUTPUT_NAME)
    set_target_properties(${name} PROPERTIES OUTPUT_NAME "${arg_OUTPUT_NAME}")
  endif()
  zerver_warnings(${name})
  if(arg_INSTALL)
    set_property(GLOBAL APPEND PROPERTY ZERVER_INSTALLED_PROGRAMS ${name})
  endif()
endfunction()

# One GoogleTest binary for a folder, linked with GoogleTest's main. Each TEST is one ctest test, named `name.Suite.Test`
# and found when ctest runs, so that a build does not run what it has just built; AS_ONE makes the whole binary one test,
# for tests that share a server. It runs in the folder DATA (default: the repository's root) and sees the build in
# ZERVER_BIN_DIR. What has the label `speed` measures: ctest runs nothing
# beside it, and only the release preset runs it.
function(zerver_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "AS_ONE" "DATA;TIMEOUT" "SOURCES;DEPENDS;PRIVATE_LIBS;LABELS")
  zerver_check_arguments(arg zerver_test)
  if(NOT ZERVER_BUILD_TESTS)
    return()
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_DEPENDS} ${arg_PRIVATE_LIBS} GTest::gmock GTest::gtest_main)
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}" "${CMAKE_CURRENT_SOURCE_DIR}/src")
  target_compile_definitions(${name} PRIVATE
    ZERVER_SOURCE_DIR="${PROJECT_SOURCE_DIR}" ZERVER_BIN_DIR="${PROJECT_BINARY_DIR}/bin")
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
  zerver_compile_together(${name} ${arg_SOURCES})
  zerver_warnings(${name})
  if(NOT arg_DATA)
    set(arg_DATA "${PROJECT_SOURCE_DIR}")
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  if(NOT arg_LABELS)
    set(arg_LABELS fast)
  endif()
  set(serial OFF)
  if("speed" IN_LIST arg_LABELS)
    set(serial ON)
  endif()
  if(arg_AS_ONE)
    add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY "${arg_DATA}")
    set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT} RUN_SERIAL ${serial})
    return()
  endif()
  gtest_discover_tests(${name}
    DISCOVERY_MODE PRE_TEST
    DISCOVERY_TIMEOUT 60
    TEST_PREFIX "${name}."
    NO_PRETTY_VALUES
    WORKING_DIRECTORY "${arg_DATA}"
    PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT} RUN_SERIAL ${serial})
endfunction()

# What only benchmarks need.
function(zerver_leave_to_benchmarks target)
  add_dependencies(benchmarks ${target})
  if(NOT ZERVER_BUILD_BENCHMARKS)
    set_target_properties(${target} PROPERTIES EXCLUDE_FROM_ALL ON)
  endif()
endfunction()

# Built where ZERVER_BUILD_BENCHMARKS is on, else by the target `benchmarks`; run by hand or by a test with the label
# `speed`.
function(zerver_benchmark name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPENDS;PRIVATE_LIBS")
  zerver_check_arguments(arg zerver_benchmark)
  if(NOT ZERVER_BUILD_TESTS)
    return()
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_DEPENDS} ${arg_PRIVATE_LIBS} benchmark::benchmark)
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}" "${CMAKE_CURRENT_SOURCE_DIR}/src")
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bench")
  zerver_leave_to_benchmarks(${name})
  zerver_warnings(${name})
endfunction()

# A libFuzzer target (preset `fuzz`): build/fuzz/fuzz/NAME. As a test it runs its corpus and a few seconds of its own.
function(zerver_fuzzer name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "CORPUS" "SOURCES;DEPENDS;PRIVATE_LIBS")
  zerver_check_arguments(arg zerver_fuzzer)
  if(NOT ZERVER_BUILD_FUZZERS)
    return()
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_DEPENDS} ${arg_PRIVATE_LIBS})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/fuzz")
  zerver_warnings(${name})
  add_dependencies(fuzzers ${name})
  if(ZERVER_BUILD_TESTS)
    set(corpus "${PROJECT_BINARY_DIR}/fuzz/${name}_corpus")
    file(MAKE_DIRECTORY "${corpus}")
    add_test(NAME fuzz.${name} COMMAND ${name} -max_total_time=10 -timeout=5 -rss_limit_mb=2048
      "${corpus}" ${arg_CORPUS} WORKING_DIRECTORY "${PROJECT_BINARY_DIR}/fuzz")
    set_tests_properties(fuzz.${name} PROPERTIES LABELS fuzz TIMEOUT 120)
  endif()
endfunction()

function(zerver_check name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "COMMAND;LABELS")
  if(NOT ZERVER_BUILD_TESTS)
    return()
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  add_test(NAME ${name} COMMAND ${arg_COMMAND} WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
  set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT})
  if("speed" IN_LIST arg_LABELS)
    set_tests_properties(${name} PROPERTIES RUN_SERIAL ON)
  endif()
endfunction()

if(ZERVER_BUILD_TESTS)
  enable_testing()
  include(GoogleTest)
  add_custom_target(benchmarks)
endif()
if(ZERVER_BUILD_FUZZERS)
  add_custom_target(fuzzers)
endif()
