/* The physical limit: the layout of RingSeries in plain C, one slab, and nothing but the ordinary path.
 *
 * Usage: rings SERIES SCRAPES scrape|shuffled
 * Prints microseconds of processor time a sample; the slab is made before. No late readings, no repeats, no limits, no
 * overflow, no bounds: what remains is the memory that must be touched. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct {
  int64_t sum, weighted;
  uint32_t count, seconds;
  int32_t minimum, maximum;
} bucket;

typedef struct { /* one cache line */
  int64_t newest, start;
  uint16_t first, count;
  uint32_t unused;
  bucket hot;
  uint64_t energy;
} header;

typedef struct {
  int64_t time;
  int32_t value;
  uint32_t seconds;
} sample;

enum { RAW = 256, RINGS = 3, CLASS_RINGS = 2 };
static const int64_t step[RINGS] = {60000, 900000, 3600000}, length[RINGS] = {120, 288, 336};
static const int64_t class_step[CLASS_RINGS] = {900000, 3600000}, class_length[CLASS_RINGS] = {96, 72};
/* Of values and of sound; each place of a ring is a row of all series. */
static bucket *running[RINGS];
static uint64_t *energies[RINGS];
static sample *raws[2];
static char *rings[2][RINGS], *classes[CLASS_RINGS];
static size_t members[2];
static const bucket empty;
static uint64_t upper[100], lower[100], bels[14];

static void add(bucket *a, bucket b) {
  if (b.count == 0) return;
  if (a->count == 0) {
    *a = b;
    return;
  }
  a->sum += b.sum;
  a->weighted += b.weighted;
  a->count += b.count;
  a->seconds += b.seconds;
  a->minimum = a->minimum < b.minimum ? a->minimum : b.minimum;
  a->maximum = a->maximum > b.maximum ? a->maximum : b.maximum;
}

static uint64_t energy(int32_t level, uint32_t seconds) {
  unsigned __int128 mantissa = (unsigned __int128)upper[level / 100 % 100] * lower[level % 100];
  return (uint64_t)((mantissa * (bels[level / 10000] * seconds) + ((unsigned __int128)1 << 63)) >> 64);
}

static void append(header *h, uint32_t n, int is_sound, size_t ordinal, int64_t time, int32_t value, uint32_t seconds) {
  if (time <= h->newest) abort();
  int place = h->first;
  if (h->count == RAW) {
    h->first = place + 1 == RAW ? 0 : place + 1;
  } else {
    place += h->count;
    if (place >= RAW) place -= RAW;
    h->count++;
  }
  raws[is_sound][place * members[is_sound] + ordinal] = (sample){time, value, seconds};
  h->newest = time;

  size_t stride = is_sound ? 40 : 32, row = stride * members[is_sound];
  if (time - h->start >= step[0]) {
    int64_t before = h->start, start = time / step[0] * step[0];
    bucket closing = h->hot;
    uint64_t closing_energy = h->energy;
    for (int i = 0; i < RINGS && before > 0; i++) {
      char *ring = rings[is_sound][i] + ordinal * stride;
      int64_t old = before / step[i], new = start / step[i];
      if (i > 0) {
        bucket total = running[i][n];
        add(&total, closing);
        closing = total;
        if (is_sound) closing_energy = energies[i][n] += closing_energy;
        running[i][n] = old == new ? total : empty;
        if (is_sound && old != new) energies[i][n] = 0;
      }
      if (old == new) break;
      *(bucket *)(ring + old % length[i] * row) = closing;
      if (is_sound) *(uint64_t *)(ring + old % length[i] * row + 32) = closing_energy;
      for (int64_t k = new - old > length[i] ? new - length[i] : old + 1; k < new; k++)
        memset(ring + k % length[i] * row, 0, stride);
    }
    h->start = start;
    h->hot = empty;
    h->energy = 0;
    if (is_sound && before > 0) {
      for (int i = 0; i < CLASS_RINGS; i++)
        for (int64_t k = before / class_step[i] + 1; k <= start / class_step[i]; k++)
          memset(classes[i] + (k % class_length[i] * members[1] + ordinal) * 128, 0, 128);
    }
  }
  add(&h->hot, (bucket){value, (int64_t)value * seconds, 1, seconds, value, value});
  if (is_sound) {
    h->energy += energy(value, seconds);
    int column = (value + 500) / 1000 - 30;
    column = column < 0 ? 0 : column > 63 ? 63 : column;
    for (int i = 0; i < CLASS_RINGS; i++) {
      size_t place = time / class_step[i] % class_length[i] * members[1] + ordinal;
      uint16_t *class = (uint16_t *)(classes[i] + place * 128) + column;
      uint32_t total = *class + seconds;
      *class = total > 65535 ? 65535 : total;
    }
  }
}

static double processor_time(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  int series = atoi(argv[1]), scrapes = atoi(argv[2]), shuffled = strcmp(argv[3], "shuffled") == 0;
  double factor = 1;
  for (int i = 0; i < 14; i++) bels[i] = (uint64_t)factor, factor *= 10;
  for (int i = 0; i < 100; i++) /* 10^(i/100) and 10^(i/10000) in 2^32; exact to the eye of a stopwatch */
    upper[i] = (uint64_t)(4294967296.0 * (1 + i * 0.09)), lower[i] = (uint64_t)(4294967296.0 * (1 + i * 0.00023));

  uint32_t *ordinals = malloc(series * sizeof(uint32_t));
  for (int i = 0; i < series; i++) ordinals[i] = members[i % 10 == 9]++;
  size_t end = (size_t)series * (256 + RAW * 16);
  for (int s = 0; s < 2; s++)
    for (int i = 0; i < RINGS; i++) end += length[i] * (s ? 40 : 32) * members[s];
  for (int i = 0; i < CLASS_RINGS; i++) end += class_length[i] * 128 * members[1];
  char *slab = aligned_alloc(4096, (end + 4095) / 4096 * 4096);
  memset(slab, 0, end);
  header *headers = (header *)slab;
  for (int i = 1; i < RINGS; i++) running[i] = (bucket *)(slab + series * (64 + (size_t)(i - 1) * 32));
  for (int i = 1; i < RINGS; i++) energies[i] = (uint64_t *)(slab + series * (160 + (size_t)(i - 1) * 8));
  char *next = slab + (size_t)series * 256;
  for (int s = 0; s < 2; s++) raws[s] = (sample *)next, next += members[s] * RAW * 16;
  for (int s = 0; s < 2; s++)
    for (int i = 0; i < RINGS; i++) rings[s][i] = next, next += length[i] * (s ? 40 : 32) * members[s];
  for (int i = 0; i < CLASS_RINGS; i++) classes[i] = next, next += class_length[i] * 128 * members[1];
  for (int i = 0; i < series; i++) headers[i].newest = INT64_MIN, headers[i].start = -(INT64_MAX / 4);

  /* Eight orders, each used again and again: the generator is the same as in the Swift program. */
  enum { ORDERS = 8 };
  uint32_t *orders = malloc(ORDERS * series * sizeof(uint32_t));
  uint64_t state = 1;
  for (int o = 0; o < ORDERS; o++) {
    uint32_t *order = orders + o * series;
    for (int i = 0; i < series; i++) order[i] = i;
    for (int i = series - 1; shuffled && i > 0; i--) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      int j = (state >> 33) % (i + 1);
      uint32_t other = order[i];
      order[i] = order[j];
      order[j] = other;
    }
  }
  int64_t time = 1784368800000;
  double before = processor_time();
  for (int s = 0; s < scrapes; s++, time += 30000) {
    uint32_t *order = orders + s % ORDERS * series;
    for (int i = 0; i < series; i++) {
      uint32_t n = order[i];
      append(&headers[n], n, n % 10 == 9, ordinals[n], time, 20000 + (n * 7 + s * 131) % 30000, 30);
    }
  }
  double used = processor_time() - before;
  int64_t total = 0;
  for (int i = 0; i < series; i++) total += headers[i].hot.sum;
  printf("%lld\n%f\n", (long long)total, used / ((double)series * scrapes));
  return 0;
}
