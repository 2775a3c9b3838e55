#include "seedbed/backend/triton_abi.h"

// Nothing runs: this file is compiled twice, against our own declarations and, where they are present,
// against Triton's headers. The second compilation checks signatures (triton_abi.h declares each function
// again); the assertions below hold the values together.

static_assert(TRITONBACKEND_API_VERSION_MAJOR == 1);
static_assert(TRITONBACKEND_API_VERSION_MINOR >= 19);

static_assert(TRITONBACKEND_ARTIFACT_FILESYSTEM == 0);

static_assert(TRITONSERVER_TYPE_INVALID == 0);
static_assert(TRITONSERVER_TYPE_UINT8 == 2);
static_assert(TRITONSERVER_TYPE_INT32 == 8);
static_assert(TRITONSERVER_TYPE_INT64 == 9);
static_assert(TRITONSERVER_TYPE_FP32 == 11);
static_assert(TRITONSERVER_TYPE_BF16 == 14);

static_assert(TRITONSERVER_ERROR_UNKNOWN == 0);
static_assert(TRITONSERVER_ERROR_INTERNAL == 1);
static_assert(TRITONSERVER_ERROR_NOT_FOUND == 2);
static_assert(TRITONSERVER_ERROR_INVALID_ARG == 3);
static_assert(TRITONSERVER_ERROR_UNAVAILABLE == 4);
static_assert(TRITONSERVER_ERROR_UNSUPPORTED == 5);
static_assert(TRITONSERVER_ERROR_ALREADY_EXISTS == 6);
static_assert(TRITONSERVER_ERROR_CANCELLED == 7);

static_assert(TRITONSERVER_LOG_INFO == 0);
static_assert(TRITONSERVER_LOG_WARN == 1);
static_assert(TRITONSERVER_LOG_ERROR == 2);
static_assert(TRITONSERVER_LOG_VERBOSE == 3);

static_assert(TRITONSERVER_MEMORY_CPU == 0);
static_assert(TRITONSERVER_MEMORY_CPU_PINNED == 1);
static_assert(TRITONSERVER_MEMORY_GPU == 2);

static_assert(TRITONSERVER_METRIC_KIND_COUNTER == 0);
static_assert(TRITONSERVER_METRIC_KIND_GAUGE == 1);

static_assert(TRITONSERVER_PARAMETER_STRING == 0);
static_assert(TRITONSERVER_PARAMETER_INT == 1);
static_assert(TRITONSERVER_PARAMETER_BOOL == 2);
static_assert(TRITONSERVER_PARAMETER_DOUBLE == 3);
static_assert(TRITONSERVER_PARAMETER_BYTES == 4);

static_assert(TRITONSERVER_REQUEST_RELEASE_ALL == 1);
static_assert(TRITONSERVER_RESPONSE_COMPLETE_FINAL == 1);
