# Runs an example and looks at what it printed: cmake -DPROGRAM=… -DARGUMENTS=… -DEXPECTED=REGEX -P run.cmake
execute_process(COMMAND "${PROGRAM}" ${ARGUMENTS}
  RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output TIMEOUT 120)
message("${output}")
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${PROGRAM} ended with ${status}")
endif()
if(NOT output MATCHES "${EXPECTED}")
  message(FATAL_ERROR "its output does not match ${EXPECTED}")
endif()
