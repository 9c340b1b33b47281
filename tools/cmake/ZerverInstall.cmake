# Install rules and the CMake package `Zerver`:
#
#   bin/zerver-compile            the compiler
#   include/zerver/...            public headers, and the generated headers of the standard library
#   lib/libzerver_*.a             the parts of zerver::runtime and zerver::testing
#   lib/cmake/Zerver/             find_package(Zerver): the targets and zerver_add_flow
#   share/zerver/std/...          the standard library: zerver.flow, the prelude, and zerver/*.flow

# In the build tree the standard library is where an installed zerver-compile looks for it: beside its own folder.
file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/share/zerver")
file(CREATE_LINK "${PROJECT_SOURCE_DIR}/runtime/std" "${PROJECT_BINARY_DIR}/share/zerver/std" SYMBOLIC)

if(NOT ZERVER_INSTALL)
  return()
endif()
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(zerver_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/Zerver")
set(zerver_std_dir "${CMAKE_INSTALL_DATADIR}/zerver/std")

get_property(zerver_parts GLOBAL PROPERTY ZERVER_RUNTIME_PARTS)
foreach(part IN LISTS zerver_parts)
  get_target_property(include ${part} ZERVER_PUBLIC_INCLUDE)
  get_target_property(generated ${part} ZERVER_GENERATED_INCLUDE)
  foreach(dir IN LISTS include generated)
    if(dir)
      install(DIRECTORY "${dir}/" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
        FILES_MATCHING PATTERN "*.h" PATTERN "*.def" PATTERN CMakeFiles EXCLUDE)
    endif()
  endforeach()
endforeach()
install(TARGETS zerver_runtime ${zerver_parts} EXPORT ZerverTargets ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(EXPORT ZerverTargets NAMESPACE zerver:: DESTINATION "${zerver_package_dir}")
install(FILES "${PROJECT_SOURCE_DIR}/runtime/std/zerver.flow" DESTINATION "${zerver_std_dir}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/runtime/std/zerver" DESTINATION "${zerver_std_dir}"
  FILES_MATCHING PATTERN "*.flow")

# Programs have an export of their own: a runtime built for another machine comes without them.
get_property(zerver_programs GLOBAL PROPERTY ZERVER_INSTALLED_PROGRAMS)
if(zerver_programs)
  install(TARGETS ${zerver_programs} EXPORT ZerverPrograms RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
  install(EXPORT ZerverPrograms NAMESPACE zerver:: DESTINATION "${zerver_package_dir}")
endif()

configure_package_config_file("${PROJECT_SOURCE_DIR}/tools/cmake/ZerverConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/ZerverConfig.cmake" INSTALL_DESTINATION "${zerver_package_dir}"
  PATH_VARS zerver_std_dir)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/ZerverConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES
  "${PROJECT_BINARY_DIR}/ZerverConfig.cmake" "${PROJECT_BINARY_DIR}/ZerverConfigVersion.cmake"
  "${PROJECT_SOURCE_DIR}/tools/cmake/ZerverFlow.cmake" "${PROJECT_SOURCE_DIR}/tools/cmake/ZerverImports.cmake"
  DESTINATION "${zerver_package_dir}")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
