# The server must find nothing in the library but the hooks, and the library nothing in the server but Triton's functions: another
# library's symbols, or ours in another library, would be bound silently when it is loaded.
execute_process(COMMAND "${NM}" -D --defined-only "${LIBRARY}" OUTPUT_VARIABLE defined COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[^\n]+" defined "${defined}")
foreach(line IN LISTS defined)
  if(NOT line MATCHES " T TRITONBACKEND_[A-Za-z]+$")
    message(FATAL_ERROR "exports more than its hooks: ${line}")
  endif()
endforeach()
list(LENGTH defined exported)

execute_process(COMMAND "${NM}" -D --undefined-only "${LIBRARY}" OUTPUT_VARIABLE undefined COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[^\n]+" undefined "${undefined}")
foreach(line IN LISTS undefined)
  # Weak symbols may stay undefined; the C library's carry a version.
  if(NOT line MATCHES " (w|v) |@|TRITON(SERVER|BACKEND)_[A-Za-z]+$")
    message(FATAL_ERROR "needs what nobody gives: ${line}")
  endif()
endforeach()

if(exported LESS 7)
  message(FATAL_ERROR "hooks exported: ${exported} (expected: 7)")
endif()
