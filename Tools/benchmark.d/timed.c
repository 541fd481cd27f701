// timed FILE COMMAND...: runs the command and writes to FILE, as JSON, how long it took by the clock on the wall and the most memory it had:
// all that was resident (which counts pages of mapped files, as LMDB reads them) and what was its own (anonymous; looked at every 5 ms).
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_MILLISECONDS = 5 };

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

// In kilobytes; 0 where the process is gone.
static long anonymousMemory(pid_t process) {
  char path[64], line[256];
  snprintf(path, sizeof path, "/proc/%d/status", process);
  FILE *status = fopen(path, "r");
  long found = 0;
  while (status && fgets(line, sizeof line, status))
    if (sscanf(line, "RssAnon: %ld", &found) == 1) break;
  if (status) fclose(status);
  return found;
}

int main(int argc, char **argv) {
  if (argc < 3) return fprintf(stderr, "usage: timed FILE COMMAND...\n"), 64;
  double begun = seconds();
  pid_t process = vfork();
  if (process == 0) execvp(argv[2], argv + 2), _exit(127);
  int descriptor = process < 0 ? -1 : pidfd_open(process, 0);
  if (descriptor < 0) return perror(argv[2]), 74;
  struct pollfd ended = {descriptor, POLLIN, 0};
  long anonymous = 0;
  while (poll(&ended, 1, LOOK_MILLISECONDS) == 0) {
    long now = anonymousMemory(process);
    if (now > anonymous) anonymous = now;
  }
  double took = seconds() - begun;
  int status;
  struct rusage usage;
  if (wait4(process, &status, 0, &usage) < 0) return perror("wait4"), 74;
  FILE *out = fopen(argv[1], "w");
  if (!out) return perror(argv[1]), 74;
  fprintf(out, "{\"seconds\":%.6f,\"residentMegabytes\":%.1f,\"anonymousMegabytes\":%.1f}\n", took, usage.ru_maxrss / 1024.0, anonymous / 1024.0);
  if (fclose(out) != 0) return perror(argv[1]), 74;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
