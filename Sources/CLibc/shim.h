#pragma once
#include <getopt.h>
#include <malloc.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <unistd.h>

/// Whether the kernel's clock follows a time server (adjtimex(2)); no, where a sandbox forbids to ask. The structure has
/// a nameless tail that Swift leaves out.
static inline int clibc_clock_is_synchronised(void) {
  struct timex state = {0};
  int code = adjtimex(&state);
  return code != -1 && code != TIME_ERROR && !(state.status & STA_UNSYNC);
}

/// A file in memory, closed in what is executed (memfd_create(2), which the library declares for GNU programs only).
static inline int clibc_memory_file(const char *name) { return (int)syscall(SYS_memfd_create, name, 1U); }

/// getopt_long keeps its place in globals, which Swift may not touch: one step, with its place handed in and out.
/// Returns 0 for an option, -1 at the end, ':' for a missing value, '?' for an unknown option.
static inline int clibc_getopt_step(int argc, char *const argv[], const struct option *options, int *place, int *index,
    const char **value) {
  optind = *place;
  opterr = 0;
  *index = 0;
  int code = getopt_long(argc, argv, ":", options, index);
  *place = optind;
  *value = optarg;
  return code;
}
