if(NOT EXISTS "${SEEDBED_GGML_SOURCE}/ggml/CMakeLists.txt")
  message(FATAL_ERROR "ggml's source not found: ${SEEDBED_GGML_SOURCE}/ggml "
                      "(run: python3 third_party/fetch_ggml.py, or set SEEDBED_GGML_SOURCE)")
endif()

# Every value here is part of the determinism that docs/decisions/2026-11-23-attention-per-slice.md describes.
set(BUILD_SHARED_LIBS OFF)
set(GGML_STATIC OFF CACHE BOOL "" FORCE)
set(GGML_NATIVE ON CACHE BOOL "")
set(GGML_CPU ON CACHE BOOL "" FORCE)
set(GGML_CPU_REPACK OFF CACHE BOOL "" FORCE)
set(GGML_LLAMAFILE ON CACHE BOOL "" FORCE)
set(GGML_OPENMP OFF CACHE BOOL "" FORCE)  # ggml's own threadpool: no libgomp inside the server's process
set(GGML_BLAS OFF CACHE BOOL "" FORCE)
set(GGML_ACCELERATE OFF CACHE BOOL "" FORCE)
set(GGML_CCACHE OFF CACHE BOOL "" FORCE)
set(GGML_BUILD_TESTS OFF CACHE BOOL "" FORCE)
set(GGML_BUILD_EXAMPLES OFF CACHE BOOL "" FORCE)
# Otherwise ggml takes our repository's commit for its own, and is built anew after each.
set(GIT_EXE OFF CACHE FILEPATH "" FORCE)
set(GGML_BUILD_COMMIT "release")
add_subdirectory("${SEEDBED_GGML_SOURCE}/ggml" "${CMAKE_BINARY_DIR}/ggml" EXCLUDE_FROM_ALL)

include(cmake/GgmlBarrier.cmake)
foreach(target ggml-base ggml-cpu)
  target_compile_options(${target} PRIVATE -w)
endforeach()

if(SEEDBED_SANITIZE MATCHES "undefined")
  # ggml reads a type from the file into an enum first and refuses the unknown ones after.
  set_source_files_properties("${SEEDBED_GGML_SOURCE}/ggml/src/gguf.cpp" TARGET_DIRECTORY ggml-base
                              PROPERTIES COMPILE_OPTIONS -fno-sanitize=enum)
endif()

add_library(seedbed_json INTERFACE)
target_include_directories(seedbed_json SYSTEM INTERFACE "${SEEDBED_GGML_SOURCE}/vendor")

add_library(seedbed_sha256 STATIC "${SEEDBED_GGML_SOURCE}/vendor/hash/sha256/sha256.c")
target_include_directories(seedbed_sha256 SYSTEM PUBLIC "${SEEDBED_GGML_SOURCE}/vendor/hash")
