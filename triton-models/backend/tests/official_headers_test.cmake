# Compiles triton_abi_test.cc against Triton's headers. They are looked for in SEEDBED_TRITON_INCLUDE, where the official containers
# have them, and in cargo's copy of the crate tritonserver-rs.
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

execute_process(
  COMMAND "${COMPILER}" -std=c++20 -Wall -Wextra -Werror -fsyntax-only -DSEEDBED_OFFICIAL_TRITON_HEADERS
    -isystem "${include}" "-I${BACKEND}/include" "${BACKEND}/tests/triton_abi_test.cc"
  RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "triton_abi.h contradicts ${include}")
endif()
message("triton_abi.h agrees with ${include}")
