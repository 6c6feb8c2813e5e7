/* RRDtool through librrd: the same rings as ours, a file a series.
 *
 * Usage: rrd SERIES SAMPLES SAMPLES_AN_UPDATE FOLDER
 * Prints microseconds of processor time a sample. */
#include <rrd.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double processor_time(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

int main(int argc, char **argv) {
  if (argc != 5) return 2;
  int series = atoi(argv[1]), samples = atoi(argv[2]), together = atoi(argv[3]);
  long start = 1784368800;
  char file[4096];
  const char *rings[] = {"DS:t:GAUGE:120:U:U", "RRA:AVERAGE:0.5:2:120", "RRA:AVERAGE:0.5:30:288",
                         "RRA:AVERAGE:0.5:120:336"};
  for (int i = 0; i < series; i++) {
    snprintf(file, sizeof file, "%s/%d.rrd", argv[4], i);
    if (rrd_create_r(file, 30, start, 4, rings)) return fprintf(stderr, "%s\n", rrd_get_error()), 1;
  }
  char(*text)[32] = malloc(together * sizeof *text);
  const char **updates = malloc(together * sizeof *updates);
  double before = processor_time();
  for (int s = 0; s < samples; s += together)
    for (int i = 0; i < series; i++) {
      snprintf(file, sizeof file, "%s/%d.rrd", argv[4], i);
      for (int j = 0; j < together; j++) {
        snprintf(text[j], sizeof *text, "%ld:%d", start + (s + j + 1) * 30L, 20000 + (i * 7 + (s + j) * 131) % 30000);
        updates[j] = text[j];
      }
      if (rrd_update_r(file, NULL, together, updates)) return fprintf(stderr, "%s\n", rrd_get_error()), 1;
    }
  printf("%f\n", (processor_time() - before) / ((double)series * samples));
  return 0;
}
