# What `cmake --install` puts where: library, headers, the package for find_package(blau), the file for pkg-config.
# The program is installed by cli/CMakeLists.txt.

include(CMakePackageConfigHelpers)

set(BLAU_PACKAGE_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/blau")

install(TARGETS blau EXPORT blauTargets
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/blau" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
  FILES_MATCHING PATTERN "*.hpp")
install(EXPORT blauTargets NAMESPACE blau:: DESTINATION "${BLAU_PACKAGE_DIR}")

# A static library leaves it to its user to link what it needs itself.
set(BLAU_NEEDS_LIBSYSTEMD OFF)
if(BLAU_BLUEZ AND NOT BUILD_SHARED_LIBS)
  set(BLAU_NEEDS_LIBSYSTEMD ON)
endif()
configure_package_config_file(cmake/blauConfig.cmake.in blauConfig.cmake INSTALL_DESTINATION "${BLAU_PACKAGE_DIR}")
# Before 1.0 a new minor version may break what was.
write_basic_package_version_file(blauConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/blauConfig.cmake" "${PROJECT_BINARY_DIR}/blauConfigVersion.cmake"
  DESTINATION "${BLAU_PACKAGE_DIR}")

set(BLAU_PC_CFLAGS "")
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  string(APPEND BLAU_PC_CFLAGS " -fno-tree-slp-vectorize")  # see BlauFlavour.cmake
endif()
set(BLAU_PC_REQUIRES "")
set(BLAU_PC_LIBS_SYSTEM "${CMAKE_THREAD_LIBS_INIT}")
foreach(library IN LISTS BLAU_SYSTEM_LIBRARIES)
  string(APPEND BLAU_PC_LIBS_SYSTEM " -l${library}")
endforeach()
if(BUILD_SHARED_LIBS)
  string(APPEND BLAU_PC_CFLAGS " -DBLAU_SHARED")
endif()
if(BLAU_NEEDS_LIBSYSTEMD)
  set(BLAU_PC_REQUIRES "libsystemd")
endif()
file(RELATIVE_PATH BLAU_PC_UP "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" "${CMAKE_INSTALL_PREFIX}")
configure_file(cmake/blau.pc.in blau.pc @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/blau.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
