# Run behind zerver-compile by zerver_add_flow: says which imported files nobody makes C++ of. The C++ compiler would
# only say which header is missing.
#
#   cmake -DTARGET=svc -DDEPFILE=svc.stamp.d -DPROVIDED=svc.flows -DSTD_DIR=dir -P ZerverImports.cmake
#
#   DEPFILE   what zerver-compile has read, as it says
#   PROVIDED  the FLOWS of the target and of all that it links, one a line; `*` when that cannot be told
#   STD_DIR   the standard library, whose C++ is part of zerver::runtime

cmake_minimum_required(VERSION 3.25)
file(STRINGS "${PROVIDED}" provided)
if("*" IN_LIST provided)
  return()
endif()
file(READ "${DEPFILE}" rule)
# A rule of make: the output, and behind the colon what it depends on. Spaces within a name have a backslash.
string(REGEX REPLACE "^[^\n]*: *\\\\\n" "" rule "${rule}")
string(REPLACE "\\ " "\t" rule "${rule}")
string(REGEX MATCHALL "[^ \n\\\\]+\\.flow" files "${rule}")
set(missing "")
foreach(file IN LISTS files)
  string(REPLACE "\t" " " file "${file}")
  cmake_path(NORMAL_PATH file)
  if("${file}" IN_LIST provided OR file MATCHES "/share/zerver/std/")
    continue()
  endif()
  if(STD_DIR)
    cmake_path(IS_PREFIX STD_DIR "${file}" NORMALIZE is_standard)
    if(is_standard)
      continue()
    endif()
  endif()
  string(APPEND missing "\n  ${file}")
endforeach()
if(missing)
  message(FATAL_ERROR "zerver_add_flow: the flows of ${TARGET} import files that nobody makes C++ of:${missing}\n"
    "Name them in FLOWS of ${TARGET} as well, or link a library whose zerver_add_flow names them.")
endif()
