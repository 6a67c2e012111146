# Asio as a program has it that includes blau/interop/asio.hpp: under its own name, unlike the one inside the library.

add_library(blau_program_asio INTERFACE)
target_include_directories(blau_program_asio SYSTEM INTERFACE "${BLAU_ASIO_INCLUDE}")
target_link_libraries(blau_program_asio INTERFACE Threads::Threads)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # Asio 1.22 looks for what clang had before C++20's coroutines.
  target_compile_definitions(blau_program_asio INTERFACE ASIO_HAS_CO_AWAIT ASIO_HAS_STD_COROUTINE)
endif()
