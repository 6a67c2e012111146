# How tests are run: here, or in an emulator of the system that they are made for.

set(BLAU_RUN_WHOLE "${PROJECT_SOURCE_DIR}/cmake/run-whole")

# blau_add_test(NAME PROGRAM ARGUMENT…): one test of ctest. In an emulator a program that crashes may end as if it had not: there
# its closing words count, too.
function(blau_add_test name program)
  if(CMAKE_CROSSCOMPILING_EMULATOR)
    add_test(NAME ${name} COMMAND "${BLAU_RUN_WHOLE}" "${CMAKE_CROSSCOMPILING_EMULATOR}" $<TARGET_FILE:${program}> ${ARGN})
  else()
    add_test(NAME ${name} COMMAND ${program} ${ARGN})
  endif()
endfunction()

# blau_discover_tests(PROGRAM PREFIX OPTION…): a test of ctest for each of GoogleTest's, with the options of gtest_discover_tests. In an
# emulator, where a start takes long, one for all of them.
function(blau_discover_tests program prefix)
  if(CMAKE_CROSSCOMPILING_EMULATOR)
    blau_add_test(${prefix}.all ${program})
    set_tests_properties(${prefix}.all PROPERTIES TIMEOUT 600)
  else()
    gtest_discover_tests(${program} TEST_PREFIX ${prefix}. ${ARGN})
  endif()
endfunction()
