#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#else
#include <stdatomic.h>

// The two halves of waiting in ggml's barrier. ggml's threads spin until all have arrived; where other processes want the same
// cores, whoever waits keeps the core that the one waited for needs, and every operator costs a time slice. These spin for half a
// millisecond and then sleep.

// Returns once *passed differs from `seen`.
void seedbed_barrier_await(atomic_int* passed, int seen);

// To be called after *passed was changed; wakes those who sleep.
void seedbed_barrier_opened(atomic_int* passed);
#endif

// Nanoseconds that threads of this process have spent in waits so long that they slept, summed over threads. Grows only where cores
// are short. 0 for ever where ggml's own barrier is in use.
int64_t seedbed_barrier_slept_nanoseconds(void);

#ifdef __cplusplus
}
#endif
