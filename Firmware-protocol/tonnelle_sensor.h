/*
 * Readings of a sensor as a SenML pack (RFC 8428), in JSON or in CBOR, as a Tonnelle gateway reads them.
 *
 * C99 and C++11; no allocation, no floating point, no division; of libc only the three headers below. Include it in one
 * file of your firmware. Everything stands in a buffer of yours:
 *
 *   uint8_t buffer[128];
 *   tonnelle_pack pack;
 *   tonnelle_begin(&pack, TONNELLE_JSON, buffer, sizeof buffer);
 *   tonnelle_add(&pack, TONNELLE_TEMPERATURE, 245, 1, TONNELLE_NOW);     24.5 degrees
 *   tonnelle_add(&pack, TONNELLE_HUMIDITY, 48, 0, TONNELLE_NOW);         48 %
 *   size_t length = tonnelle_end(&pack);                                 publish so many bytes of the buffer
 */
#ifndef TONNELLE_SENSOR_H
#define TONNELLE_SENSOR_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* How a pack is written: JSON can be read by people, CBOR takes half as many bytes. */
typedef enum { TONNELLE_JSON, TONNELLE_CBOR } tonnelle_format;

/* What can be measured; the unit is part of it. */
typedef enum {
  TONNELLE_TEMPERATURE,       /* air, degrees Celsius */
  TONNELLE_HUMIDITY,          /* relative, % */
  TONNELLE_IN_TOTAL,          /* people who ever went in */
  TONNELLE_OUT_TOTAL,         /* people who ever went out */
  TONNELLE_PEOPLE,            /* people who are there */
  TONNELLE_OCCUPIED,          /* 1: somebody is there, 0: nobody */
  TONNELLE_LAEQ,              /* sound, A-weighted, energetic mean over a time: dB */
  TONNELLE_LAFMAX,            /* sound, A-weighted, fast, highest of a time: dB */
  TONNELLE_BATTERY,           /* charge, % */
  TONNELLE_GLOBE_TEMPERATURE, /* of a black globe, degrees Celsius */
  TONNELLE_FIELDS             /* how many there are */
} tonnelle_field;

/* A time of measurement: now, so many seconds ago, or at so many seconds of Unix time. */
#define TONNELLE_NOW 0
#define TONNELLE_AGO(seconds) (-(int64_t)(seconds))

/* A pack that is being written; its members are nobody else's business. */
typedef struct {
  uint8_t *bytes;
  size_t size;
  size_t length;
  tonnelle_format format;
  uint8_t is_full;
  uint8_t is_ended;
} tonnelle_pack;

static inline void tonnelle_byte(tonnelle_pack *pack, unsigned value) {
  /* One byte is kept for the end. */
  if (pack->length + 1 < pack->size) {
    pack->bytes[pack->length++] = (uint8_t)value;
  } else {
    pack->is_full = 1;
  }
}

static inline void tonnelle_text(tonnelle_pack *pack, const char *text) {
  while (*text != '\0') tonnelle_byte(pack, (unsigned char)*text++);
}

/* Ten digits at most, by subtraction: many small processors cannot divide. `decimals` of them stand behind the point. */
static inline void tonnelle_digits(tonnelle_pack *pack, uint32_t value, unsigned decimals) {
  static const uint32_t powers[] = {1000000000, 100000000, 10000000, 1000000, 100000, 10000, 1000, 100, 10, 1};
  unsigned place;
  int has_begun = 0;
  for (place = 0; place < 10; place++) {
    unsigned left = 9 - place; /* digits to the right of this one */
    unsigned digit = 0;
    while (value >= powers[place]) {
      value -= powers[place];
      digit++;
    }
    has_begun |= digit != 0 || left <= decimals;
    if (has_begun) tonnelle_byte(pack, '0' + digit);
    if (left == decimals && left != 0) tonnelle_byte(pack, '.');
  }
}

/* The head of a CBOR item (RFC 8949, section 3): three bits of type, then the argument in as few bytes as it needs. */
static inline void tonnelle_head(tonnelle_pack *pack, unsigned type, uint32_t argument) {
  unsigned shift = 0;
  if (argument < 24) {
    tonnelle_byte(pack, type << 5 | (unsigned)argument);
  } else if (argument < 0x100) {
    tonnelle_byte(pack, type << 5 | 24);
    shift = 8;
  } else if (argument < 0x10000) {
    tonnelle_byte(pack, type << 5 | 25);
    shift = 16;
  } else {
    tonnelle_byte(pack, type << 5 | 26);
    shift = 32;
  }
  while (shift != 0) {
    shift -= 8;
    tonnelle_byte(pack, (argument >> shift) & 0xFF);
  }
}

/* A number in JSON, or the same in CBOR: a decimal fraction (tag 4) where there are decimals. */
static inline void tonnelle_number(tonnelle_pack *pack, int64_t value, unsigned decimals) {
  uint32_t magnitude = (uint32_t)(value < 0 ? -value : value);
  if (pack->format == TONNELLE_JSON) {
    if (value < 0) tonnelle_byte(pack, '-');
    tonnelle_digits(pack, magnitude, decimals);
    return;
  }
  if (decimals != 0) {
    tonnelle_byte(pack, 0xC4);
    tonnelle_byte(pack, 0x82);
    tonnelle_head(pack, 1, decimals - 1);
  }
  if (value < 0) {
    tonnelle_head(pack, 1, magnitude - 1);
  } else {
    tonnelle_head(pack, 0, magnitude);
  }
}

/* Begins a pack in a buffer; 128 bytes hold two records, a broker takes 65,536 and a gateway 1,000 records. */
static inline void tonnelle_begin(tonnelle_pack *pack, tonnelle_format format, void *buffer, size_t size) {
  pack->bytes = (uint8_t *)buffer;
  pack->size = size;
  pack->length = 0;
  pack->format = format;
  pack->is_full = 0;
  pack->is_ended = 0;
}

/*
 * Adds a reading: `value` with its last `decimals` (0 to 9) digits behind the point, so 245 and 1 for 24.5. It stands for
 * `seconds` (1 to 3600; sound levels only, else 0) and was taken at `time`: TONNELLE_NOW, TONNELLE_AGO(600), or Unix
 * time. Values from -4294967295 to 4294967295.
 *
 * Returns 1; or 0 when the buffer is full, the pack has ended or an argument is out of range: the pack is what it was.
 */
static inline int tonnelle_add_over(
    tonnelle_pack *pack, tonnelle_field field, int64_t value, unsigned decimals, unsigned seconds, int64_t time) {
  static const struct {
    const char *name;
    const char *unit;
  } fields[] = {
      {"temperature", "Cel"},      {"humidity", "%RH"}, {"in_total", "count"}, {"out_total", "count"},
      {"people", "count"},         {"occupied", "/"},   {"laeq", "dB"},        {"lafmax", "dB"},
      {"battery_percent", "%EL"}, {"temperature_globe", "Cel"},
  };
  const int64_t limit = 4294967295;
  const size_t before = pack->length;
  const int is_sound = field == TONNELLE_LAEQ || field == TONNELLE_LAFMAX;
  size_t name;
  if ((unsigned)field >= TONNELLE_FIELDS || decimals > 9 || value < -limit || value > limit || time < -limit ||
      time > limit || (seconds != 0 && !is_sound) || seconds > 3600 || pack->is_ended) {
    return 0;
  }
  if (pack->format == TONNELLE_JSON) {
    tonnelle_text(pack, before == 0 ? "[{\"n\":\"" : ",{\"n\":\"");
    tonnelle_text(pack, fields[field].name);
    if (seconds != 0) {
      tonnelle_byte(pack, '_');
      tonnelle_digits(pack, seconds, 0);
      tonnelle_byte(pack, 's');
    }
    tonnelle_text(pack, "\",\"u\":\"");
    tonnelle_text(pack, fields[field].unit);
    tonnelle_text(pack, "\",\"v\":");
    tonnelle_number(pack, value, decimals);
    if (time != TONNELLE_NOW) {
      tonnelle_text(pack, ",\"t\":");
      tonnelle_number(pack, time, 0);
    }
    tonnelle_byte(pack, '}');
  } else {
    if (before == 0) tonnelle_byte(pack, 0x9F); /* an array whose length is told by its end */
    tonnelle_head(pack, 5, time == TONNELLE_NOW ? 3 : 4);
    tonnelle_head(pack, 0, 0);
    /* The head of the name is put in when its length is known: below 24, so that it is one byte. */
    name = pack->length;
    tonnelle_byte(pack, 0);
    tonnelle_text(pack, fields[field].name);
    if (seconds != 0) {
      tonnelle_byte(pack, '_');
      tonnelle_digits(pack, seconds, 0);
      tonnelle_byte(pack, 's');
    }
    if (!pack->is_full) pack->bytes[name] = (uint8_t)(0x60 | (pack->length - name - 1));
    tonnelle_head(pack, 0, 1);
    tonnelle_head(pack, 3, (uint32_t)strlen(fields[field].unit));
    tonnelle_text(pack, fields[field].unit);
    tonnelle_head(pack, 0, 2);
    tonnelle_number(pack, value, decimals);
    if (time != TONNELLE_NOW) {
      tonnelle_head(pack, 0, 6);
      tonnelle_number(pack, time, 0);
    }
  }
  if (pack->is_full) {
    pack->length = before;
    pack->is_full = 0;
    return 0;
  }
  return 1;
}

/* Adds a reading that stands for no stretch of time, or for as long as the sensor's period. */
static inline int tonnelle_add(tonnelle_pack *pack, tonnelle_field field, int64_t value, unsigned decimals, int64_t time) {
  return tonnelle_add_over(pack, field, value, decimals, 0, time);
}

/* Ends a pack. Returns its length in bytes, also when asked again; 0 when nothing was added: nothing is to be published. */
static inline size_t tonnelle_end(tonnelle_pack *pack) {
  if (pack->length == 0 || pack->is_ended) return pack->length;
  pack->is_ended = 1;
  pack->bytes[pack->length++] = pack->format == TONNELLE_JSON ? ']' : 0xFF;
  return pack->length;
}

/*
 * Writes the topic of a sensor, tonnelle/v1/up/<place>/<sensor>, as text with its end.
 *
 * Returns its length; 0 when it does not fit, or an identifier is not made of 1 to 64 of a-z, 0-9 and "-".
 */
static inline size_t tonnelle_topic(char *buffer, size_t size, const char *place, const char *sensor) {
  static const char root[] = "tonnelle/v1/up";
  const char *levels[2];
  size_t length = sizeof root - 1;
  unsigned level;
  levels[0] = place;
  levels[1] = sensor;
  if (size < sizeof root) return 0;
  memcpy(buffer, root, length);
  for (level = 0; level < 2; level++) {
    const size_t count = strlen(levels[level]);
    size_t index;
    for (index = 0; index < count; index++) {
      const char c = levels[level][index];
      if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) return 0;
    }
    if (count == 0 || count > 64 || length + count + 2 > size) return 0;
    buffer[length++] = '/';
    memcpy(buffer + length, levels[level], count);
    length += count;
  }
  buffer[length] = '\0';
  return length;
}

#endif
