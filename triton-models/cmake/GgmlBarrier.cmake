add_library(seedbed_barrier STATIC third_party/ggml_barrier/sleeping_barrier.c)
target_include_directories(seedbed_barrier PUBLIC third_party/ggml_barrier)

# Replaces the wait in ggml's barrier by third_party/ggml_barrier: in a copy of ggml-cpu.c inside the build folder, so that the source
# stays as it came. A ggml whose barrier reads otherwise is built as it is.
function(seedbed_replace_ggml_barrier)
  set(original "${SEEDBED_GGML_SOURCE}/ggml/src/ggml-cpu/ggml-cpu.c")
  set(replaced "${CMAKE_BINARY_DIR}/ggml/seedbed/ggml-cpu.c")
  set(opened "atomic_fetch_add_explicit(&tp->n_barrier_passed, 1, memory_order_seq_cst)")
  set(await "while (atomic_load_explicit(&tp->n_barrier_passed, memory_order_relaxed) == n_passed) {
        ggml_thread_cpu_relax();
    }")

  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${original}")
  file(READ "${original}" text)
  string(FIND "${text}" "${opened}" has_opened)
  string(FIND "${text}" "${await}" has_await)
  get_target_property(sources ggml-cpu SOURCES)
  list(FIND sources "ggml-cpu/ggml-cpu.c" has_source)
  if(has_opened EQUAL -1 OR has_await EQUAL -1 OR has_source EQUAL -1)
    message(WARNING "ggml's barrier is not the one that is replaced: its threads will spin while they wait")
    return()
  endif()
  string(REPLACE "${opened}" "${opened}, seedbed_barrier_opened(&tp->n_barrier_passed)" text "${text}")
  string(REPLACE "${await}" "seedbed_barrier_await(&tp->n_barrier_passed, n_passed);" text "${text}")
  file(CONFIGURE OUTPUT "${replaced}" CONTENT "#include \"sleeping_barrier.h\"\n@text@" @ONLY)

  list(REMOVE_ITEM sources "ggml-cpu/ggml-cpu.c")
  set_target_properties(ggml-cpu PROPERTIES SOURCES "${sources}")
  target_sources(ggml-cpu PRIVATE "${replaced}")
  target_include_directories(ggml-cpu PRIVATE "${SEEDBED_GGML_SOURCE}/ggml/src/ggml-cpu")
  target_link_libraries(ggml-cpu PRIVATE seedbed_barrier)
endfunction()

if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
  seedbed_replace_ggml_barrier()
endif()
