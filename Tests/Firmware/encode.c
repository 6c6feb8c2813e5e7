/*
 * Readings on standard input, packs on standard output: what the tests compare the encoder with.
 *
 *   a line: SIZE, then for each reading FIELD VALUE DECIMALS SECONDS TIME; the field by its number
 *   out: the pack in JSON and in CBOR, in hexadecimal, each with the number of readings that found room
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tonnelle_sensor.h"

enum { LARGEST = 4096, CANARY = 0xA5 };

static void encode(tonnelle_format format, size_t size, char *line) {
  static uint8_t buffer[LARGEST + 16];
  tonnelle_pack pack;
  size_t length, index;
  int taken = 0, refused = 0, used;
  int field;
  int64_t value, time;
  unsigned decimals, seconds;
  memset(buffer, CANARY, sizeof buffer);
  tonnelle_begin(&pack, format, buffer, size);
  while (sscanf(line, "%d %" SCNd64 " %u %u %" SCNd64 "%n", &field, &value, &decimals, &seconds, &time, &used) == 5) {
    line += used;
    if (refused == 0 && tonnelle_add_over(&pack, (tonnelle_field)field, value, decimals, seconds, time)) {
      taken++;
    } else {
      refused = 1;
    }
  }
  length = tonnelle_end(&pack);
  /* Who asks twice gets the same pack, and who adds to it then nothing. */
  if (tonnelle_end(&pack) != length || (length != 0 && tonnelle_add(&pack, TONNELLE_PEOPLE, 1, 0, TONNELLE_NOW))) exit(4);
  for (index = size; index < sizeof buffer; index++) {
    if (buffer[index] != CANARY) exit(3); /* it wrote behind the buffer's end */
  }
  printf("%d ", taken);
  for (index = 0; index < length; index++) printf("%02x", buffer[index]);
  printf("\n");
}

int main(void) {
  static char line[1 << 16];
  while (fgets(line, sizeof line, stdin) != NULL) {
    int used = 0;
    size_t size = 0;
    if (sscanf(line, "%zu%n", &size, &used) != 1 || size > LARGEST) return 2;
    encode(TONNELLE_JSON, size, line + used);
    encode(TONNELLE_CBOR, size, line + used);
  }
  return 0;
}
