# Toolchain of the preset windows-cross: MinGW's GCC with POSIX threads (Debian's g++-mingw-w64-x86-64-posix) makes programs
# for 64-bit Windows, and Wine runs them. What they need from elsewhere, scripts/windows-headers keeps.

set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(BLAU_TRIPLE x86_64-w64-mingw32)
set(CMAKE_C_COMPILER ${BLAU_TRIPLE}-gcc-posix)  # GoogleTest's project names C, too
set(CMAKE_CXX_COMPILER ${BLAU_TRIPLE}-g++-posix)
set(CMAKE_RC_COMPILER ${BLAU_TRIPLE}-windres)
set(CMAKE_CROSSCOMPILING_EMULATOR "${CMAKE_CURRENT_LIST_DIR}/run-under-wine")

# CMake reads this file once more for each thing that it tries: what was found the first time is handed on.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES BLAU_WINDOWS_HEADERS)
if(NOT IS_DIRECTORY "${BLAU_WINDOWS_HEADERS}")
  execute_process(COMMAND "${CMAKE_CURRENT_LIST_DIR}/../scripts/windows-headers"
    OUTPUT_VARIABLE found OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  set(BLAU_WINDOWS_HEADERS "${found}" CACHE PATH "What scripts/windows-headers made" FORCE)
endif()
set(BLAU_WINRT_INCLUDE "${BLAU_WINDOWS_HEADERS}/winrt" CACHE PATH "Folder of the C++/WinRT headers")

set(CMAKE_FIND_ROOT_PATH "/usr/${BLAU_TRIPLE}" "${BLAU_WINDOWS_HEADERS}" ${CMAKE_PREFIX_PATH})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

# An object file has room for 2^15 sections, of which each template takes some.
set(CMAKE_CXX_FLAGS_INIT "-Wa,-mbig-obj")
# Programs need no library of the compiler's beside them.
set(CMAKE_EXE_LINKER_FLAGS_INIT "-static")
