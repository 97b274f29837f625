# cmake -DINPUT= -DOUTPUT= -DSOURCE_DIR= -DVERSION= -DBUILD_TYPE= -DCOMPILER= -P WriteBuildInfo.cmake
# Fills in INPUT; OUTPUT is touched only when its text changes.
execute_process(
  COMMAND git -C "${SOURCE_DIR}" describe --always --dirty --abbrev=12 --exclude=*
  OUTPUT_VARIABLE COMMIT
  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET
  RESULT_VARIABLE failed)
if(failed)
  set(COMMIT "unknown")
endif()
configure_file("${INPUT}" "${OUTPUT}" @ONLY)
