# Compiler flags that every target of the project shares: warnings, sanitizers, the cache of compilations.

set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE AND PROJECT_IS_TOP_LEVEL)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

find_program(BLAU_CCACHE ccache)
if(BLAU_CCACHE AND PROJECT_IS_TOP_LEVEL AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${BLAU_CCACHE}")
endif()

add_library(blau_flavour INTERFACE)
target_compile_features(blau_flavour INTERFACE cxx_std_20)
if(MSVC)
  target_compile_options(blau_flavour INTERFACE /W4 /permissive- /utf-8 /bigobj $<$<BOOL:${BLAU_WERROR}>:/WX>)
else()
  target_compile_options(blau_flavour INTERFACE -Wall -Wextra -Wpedantic $<$<BOOL:${BLAU_WERROR}>:-Werror>)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # Wrong about `"text" + std::string` at -O2 (GCC's bug 105651).
    target_compile_options(blau_flavour INTERFACE -Wno-restrict)
  endif()
  if(CMAKE_UNITY_BUILD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Takes what the joined files keep to themselves for what a header gives.
    target_compile_options(blau_flavour INTERFACE -Wno-subobject-linkage)
  endif()
endif()
# GCC 12 at -O2: a local vector that grew in a loop with co_await and is moved afterwards (co_return values;) is moved as it
# was before its last growth, or as garbage. The vectorizer of straight-line code does it.
set(BLAU_GCC12_OPTIONS "$<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-fno-tree-slp-vectorize>")
target_compile_options(blau_flavour INTERFACE ${BLAU_GCC12_OPTIONS})
if(WIN32)
  # Windows 10; without the macros min and max, and without the winsock.h that Asio's winsock2.h cannot bear after it.
  target_compile_definitions(blau_flavour INTERFACE _WIN32_WINNT=0x0A00 NOMINMAX WIN32_LEAN_AND_MEAN)
endif()
if(BLAU_SANITIZE)
  target_compile_options(blau_flavour INTERFACE -fsanitize=${BLAU_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(blau_flavour INTERFACE -fsanitize=${BLAU_SANITIZE})
endif()
