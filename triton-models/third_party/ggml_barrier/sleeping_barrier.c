#include "sleeping_barrier.h"

static atomic_llong slept_nanoseconds;

int64_t seedbed_barrier_slept_nanoseconds(void) { return atomic_load(&slept_nanoseconds); }

#ifdef __linux__

#include <limits.h>
#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

_Static_assert(sizeof(atomic_int) == 4, "a futex is 32 bits wide");

// Longer than it takes to wake a thread, or threads would put one another to sleep at every barrier; shorter than a time slice.
enum { kSpinNanoseconds = 500000, kSpinsPerLook = 64 };

// Over all barriers of the process: it spares the system call where nobody sleeps, which is the rule.
static atomic_int sleepers;

static void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield" ::: "memory");
#endif
}

static int64_t now_nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

// Returns 0 when the barrier opened, else the time when the spinning began.
static int64_t spin(atomic_int* passed, int seen) {
  int64_t start = 0;
  for (;;) {
    for (int i = 0; i < kSpinsPerLook; ++i) {
      if (atomic_load_explicit(passed, memory_order_acquire) != seen) return 0;
      relax();
    }
    const int64_t now = now_nanoseconds();
    if (start == 0) start = now;
    if (now - start > kSpinNanoseconds) return start;
  }
}

void seedbed_barrier_await(atomic_int* passed, int seen) {
  const int64_t start = spin(passed, seen);
  if (start == 0) return;
  // Sequentially consistent on both sides: either the kernel finds *passed changed, or the opener finds a sleeper.
  atomic_fetch_add(&sleepers, 1);
  while (atomic_load(passed) == seen) syscall(SYS_futex, passed, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
  atomic_fetch_sub(&sleepers, 1);
  atomic_fetch_add(&slept_nanoseconds, now_nanoseconds() - start);
}

void seedbed_barrier_opened(atomic_int* passed) {
  if (atomic_load(&sleepers) > 0) syscall(SYS_futex, passed, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

#endif
