# For our own targets only.
function(seedbed_warnings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Werror)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # GCC 12 reports an overlap inside std::string's operator+ where none can be.
    target_compile_options(${target} PRIVATE -Wno-restrict)
  endif()
endfunction()
