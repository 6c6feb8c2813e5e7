// What the sketch uses of the board: a network that comes after a while, and a clock of its own.
#ifndef WIFI_H
#define WIFI_H

#include <stdint.h>
#include <string.h>

static const int WL_CONNECTED = 3;

extern unsigned long board_clock;
extern bool board_online;

static inline unsigned long millis() { return board_clock; }
static inline void delay(unsigned long milliseconds) { board_clock += milliseconds; }
static inline int analogRead(int) { return 45; }

struct WiFiStub {
  void begin(const char *, const char *) {}
  int status() { return board_online ? WL_CONNECTED : 0; }
};
extern WiFiStub WiFi;

struct WiFiClient {};

#endif
