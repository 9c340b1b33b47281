# zerver_add_flow: compiles .flow files and adds the result to a target. The same file serves Zerver's own build and
# every project that calls find_package(Zerver).
#
#   zerver_add_flow(TARGET svc FLOWS a.flow ... [IMPORTS dir ...] [EMIT cpp dot ...] [OUT_DIR dir] [NO_MAIN]
#                   [ADAPTERS header] [LOCK file] [OPTIONS option ...])
#
#   TARGET    an existing program or library; gets the generated sources, OUT_DIR as an include folder, and
#             zerver::runtime
#   FLOWS     the files to compile, and those that they import, unless a library that TARGET links has them; x/y.flow becomes y.flow.h and y.flow.cc in OUT_DIR, or x/y.flow.h and so on
#             when one of IMPORTS holds x/y.flow
#   IMPORTS   the include path: `import a.b;` is a/b.flow in one of these
#   EMIT      what to generate, `cpp` when not given
#   OUT_DIR   default: TARGET.flow in the current binary folder
#   NO_MAIN   for libraries and for programs with a main of their own
#   ADAPTERS  a header of the program, relative to the current source folder, that declares
#             `void register_adapters(zerver::effects::Registry&)`: the generated main calls it (docs/effects.md)
#   LOCK      the lock file, which is kept in version control: compared, and updated by safe changes (docs/evolution.md)
#   OPTIONS   passed to zerver-compile as they are
#
# Generation runs again when a .flow file, one that it imports, or zerver-compile changes. zerver-compile leaves a file
# untouched whose text is the same, so only what really changed is compiled again.

# At the end of the configuration, when it is known who links whom: writes down whose C++ the target can include.
function(zerver_note_provided_flows target file)
  set(flows "")
  set(left ${target})
  set(seen ${target})
  while(left)
    list(POP_FRONT left next)
    get_target_property(own ${next} ZERVER_FLOWS)
    if(own)
      list(APPEND flows ${own})
    endif()
    foreach(property LINK_LIBRARIES INTERFACE_LINK_LIBRARIES)
      get_target_property(libraries ${next} ${property})
      foreach(library IN LISTS libraries)
        string(REGEX REPLACE "^\\$<LINK_ONLY:(.*)>$" "\\1" library "${library}")
        if(library MATCHES "\\$<")
          list(APPEND flows "*")  # who that is, is known when it is generated
        elseif(TARGET ${library} AND NOT library MATCHES "^zerver::" AND NOT library IN_LIST seen)
          list(APPEND left ${library})
          list(APPEND seen ${library})
        endif()
      endforeach()
    endforeach()
  endwhile()
  list(JOIN flows "\n" flows)
  file(GENERATE OUTPUT "${file}" CONTENT "${flows}\n")
endfunction()

function(zerver_add_flow)
  cmake_parse_arguments(PARSE_ARGV 0 arg "NO_MAIN" "TARGET;OUT_DIR;ADAPTERS;LOCK" "FLOWS;IMPORTS;EMIT;OPTIONS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "zerver_add_flow: unknown arguments ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT arg_TARGET OR NOT arg_FLOWS)
    message(FATAL_ERROR "zerver_add_flow: TARGET and FLOWS are required")
  endif()
  if(NOT TARGET ${arg_TARGET})
    message(FATAL_ERROR "zerver_add_flow: there is no target ${arg_TARGET}")
  endif()
  if(TARGET ${arg_TARGET}_flow)
    message(FATAL_ERROR "zerver_add_flow: ${arg_TARGET} has flows already; name all of them in one call")
  endif()
  list(REMOVE_DUPLICATES arg_FLOWS)
  if(NOT arg_EMIT)
    set(arg_EMIT cpp)
  endif()
  if(NOT arg_OUT_DIR)
    set(arg_OUT_DIR "${CMAKE_CURRENT_BINARY_DIR}/${arg_TARGET}.flow")
  endif()
  cmake_path(ABSOLUTE_PATH arg_OUT_DIR BASE_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}" NORMALIZE)

  set(import_dirs "")
  set(import_options "")
  foreach(dir IN LISTS arg_IMPORTS)
    cmake_path(ABSOLUTE_PATH dir BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" NORMALIZE)
    list(APPEND import_dirs "${dir}")
    list(APPEND import_options "-I${dir}")
  endforeach()

  set(flows "")
  set(sources "")
  set(headers "")
  foreach(flow IN LISTS arg_FLOWS)
    cmake_path(ABSOLUTE_PATH flow BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" NORMALIZE)
    get_source_file_property(is_generated "${flow}" GENERATED)
    if(NOT EXISTS "${flow}" AND NOT is_generated)
      message(FATAL_ERROR "zerver_add_flow: there is no file ${flow}")
    endif()
    cmake_path(GET flow FILENAME relative)
    foreach(dir IN LISTS import_dirs)
      cmake_path(IS_PREFIX dir "${flow}" inside)
      if(inside)
        cmake_path(RELATIVE_PATH flow BASE_DIRECTORY "${dir}" OUTPUT_VARIABLE relative)
        break()
      endif()
    endforeach()
    list(APPEND flows "${flow}")
    list(APPEND headers "${arg_OUT_DIR}/${relative}.h")
    list(APPEND sources "${arg_OUT_DIR}/${relative}.cc")
  endforeach()

  set(lock_option "")
  if(arg_LOCK)
    cmake_path(ABSOLUTE_PATH arg_LOCK BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" NORMALIZE)
    set(lock_option "--lock=${arg_LOCK}")
  endif()

  set(adapters_option "")
  if(arg_ADAPTERS)
    if(arg_NO_MAIN OR NOT "cpp" IN_LIST arg_EMIT)
      message(FATAL_ERROR "zerver_add_flow: ADAPTERS is for a generated main")
    endif()
    if(NOT EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${arg_ADAPTERS}")
      message(FATAL_ERROR "zerver_add_flow: ADAPTERS names ${arg_ADAPTERS}, which is not in ${CMAKE_CURRENT_SOURCE_DIR}")
    endif()
    set(adapters_option "--adapters=${arg_ADAPTERS}")
    target_include_directories(${arg_TARGET} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}")
  endif()

  set(emit ${arg_EMIT})
  set(outputs "")
  if("cpp" IN_LIST emit)
    if(NOT arg_NO_MAIN)
      list(APPEND emit main)
      list(APPEND sources "${arg_OUT_DIR}/zerver_main.cc")
    endif()
    set(outputs ${headers} ${sources})
  endif()
  list(REMOVE_DUPLICATES emit)
  list(JOIN emit "," emit)

  # A zerver-compile that was given wins: when cross-compiling, the one of the package cannot run here. The standard
  # library beside it is not the one whose generated code is linked.
  set(std_option "")
  if(ZERVER_COMPILE)
    set(compile "${ZERVER_COMPILE}")
    get_property(std_dir GLOBAL PROPERTY ZERVER_STD_DIR)
    set(std_option "--std-dir=${std_dir}")
    if(NOT EXISTS "${compile}")
      message(FATAL_ERROR "zerver_add_flow: ZERVER_COMPILE is ${compile}, which does not exist")
    endif()
  elseif(CMAKE_CROSSCOMPILING OR NOT TARGET zerver::compile)
    message(FATAL_ERROR
      "zerver_add_flow: there is no zerver-compile that runs on this machine; give one: "
      "-DZERVER_COMPILE=/path/to/zerver-compile")
  else()
    set(compile zerver::compile)
  endif()

  # The C++ of what is imported is included by that of the flows.
  set(check_imports "")
  get_target_property(runtime_part ${arg_TARGET} ZERVER_RUNTIME_PART)
  if(outputs AND NOT runtime_part)
    set_property(TARGET ${arg_TARGET} PROPERTY ZERVER_FLOWS "${flows}")
    set(provided "${arg_OUT_DIR}/${arg_TARGET}.provided")
    cmake_language(EVAL CODE "cmake_language(DEFER DIRECTORY [==[${CMAKE_SOURCE_DIR}]==] CALL
      zerver_note_provided_flows [==[${arg_TARGET}]==] [==[${provided}]==])")
    get_property(std_dir GLOBAL PROPERTY ZERVER_STD_DIR)
    set(check_imports COMMAND "${CMAKE_COMMAND}" "-DTARGET=${arg_TARGET}" "-DDEPFILE=${arg_OUT_DIR}/${arg_TARGET}.stamp.d"
      "-DPROVIDED=${provided}" "-DSTD_DIR=${std_dir}" -P "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/ZerverImports.cmake")
  endif()

  # The stamp is the output that make and Ninja see: the generated files may rightly stay older than their source.
  # The rule in the depfile names the stamp, by zerver-compile's convention: the depfile's own path without `.d`.
  set(stamp "${arg_OUT_DIR}/${arg_TARGET}.stamp")
  list(LENGTH flows count)
  add_custom_command(
    OUTPUT "${stamp}"
    BYPRODUCTS ${outputs}
    COMMAND ${compile} -o "${arg_OUT_DIR}" ${std_option} ${import_options} --emit=${emit} --depfile "${stamp}.d"
            ${adapters_option} ${lock_option} ${arg_OPTIONS} ${flows}
    ${check_imports}
    COMMAND "${CMAKE_COMMAND}" -E touch "${stamp}"
    DEPENDS ${flows} ${compile}
    DEPFILE "${stamp}.d"
    COMMENT "Compiling ${count} .flow file(s) for ${arg_TARGET}"
    VERBATIM)
  file(MAKE_DIRECTORY "${arg_OUT_DIR}")

  # A target of its own, so that the files exist before anything of TARGET, or that links it, is compiled.
  add_custom_target(${arg_TARGET}_flow DEPENDS "${stamp}")
  add_dependencies(${arg_TARGET} ${arg_TARGET}_flow)

  if(outputs)
    set_source_files_properties(${outputs} PROPERTIES GENERATED ON)
    target_sources(${arg_TARGET} PRIVATE ${sources})
    target_include_directories(${arg_TARGET} PUBLIC "$<BUILD_INTERFACE:${arg_OUT_DIR}>")
    if(runtime_part)
      # Zerver's own standard library: part of what zerver::runtime is made of.
      set_property(TARGET ${arg_TARGET} APPEND PROPERTY ZERVER_GENERATED_INCLUDE "${arg_OUT_DIR}")
    else()
      # What target_link_libraries(... PUBLIC ...) does. That call would forbid the project the form without PUBLIC and
      # PRIVATE for its own libraries: CMake wants all calls for a target to have the same form (CMP0023).
      set_property(TARGET ${arg_TARGET} APPEND PROPERTY LINK_LIBRARIES zerver::runtime)
      set_property(TARGET ${arg_TARGET} APPEND PROPERTY INTERFACE_LINK_LIBRARIES zerver::runtime)
    endif()
  endif()
endfunction()
