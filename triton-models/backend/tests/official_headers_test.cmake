# Compiles the backend and triton_abi_test.cc against Triton's headers, without linking. They are looked for in SEEDBED_TRITON_INCLUDE,
# where the official containers have them, and in cargo's copy of the crate tritonserver-rs.
set(cargo_home "$ENV{CARGO_HOME}")
if(NOT cargo_home)
  set(cargo_home "$ENV{HOME}/.cargo")
endif()
file(GLOB crate_includes "${cargo_home}/registry/src/*/tritonserver-rs-*/core/include")

foreach(candidate IN LISTS TRITON_INCLUDE ITEMS /opt/tritonserver/include ${crate_includes})
  if(candidate AND EXISTS "${candidate}/triton/core/tritonbackend.h")
    set(include "${candidate}")
    break()
  endif()
endforeach()
if(NOT DEFINED include)
  message("SKIPPED: no triton/core/tritonbackend.h here (set SEEDBED_TRITON_INCLUDE, or fetch the crate tritonserver-rs 0.4.1)")
  return()
endif()

file(GLOB sources "${BACKEND}/src/*.cc" "${BACKEND}/tests/triton_abi_test.cc")
foreach(source IN LISTS sources)
  execute_process(
    COMMAND "${COMPILER}" -std=c++20 -Wall -Wextra -Werror -fsyntax-only -DSEEDBED_OFFICIAL_TRITON_HEADERS
      -isystem "${include}" -isystem "${JSON_INCLUDE}" "-I${ENGINE_INCLUDE}" "-I${BACKEND}/include" "-I${BACKEND}/src" "${source}"
    RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "does not compile against ${include}: ${source}")
  endif()
endforeach()
list(LENGTH sources count)
message("${count} files compile against ${include}")
