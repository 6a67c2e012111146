# As mingw-w64.cmake, with clang 19 on MinGW's headers and libraries: a second opinion of the code for Windows.

include("${CMAKE_CURRENT_LIST_DIR}/mingw-w64.cmake")
set(CMAKE_C_COMPILER clang-19)
set(CMAKE_CXX_COMPILER clang++-19)
set(CMAKE_C_COMPILER_TARGET ${BLAU_TRIPLE})
set(CMAKE_CXX_COMPILER_TARGET ${BLAU_TRIPLE})
