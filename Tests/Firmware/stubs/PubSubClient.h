// What the sketch uses of PubSubClient: what it publishes is printed, with the time of the board.
#ifndef PUBSUBCLIENT_H
#define PUBSUBCLIENT_H

#include <stdint.h>
#include <stdio.h>

#include "WiFi.h"

class PubSubClient {
 public:
  explicit PubSubClient(WiFiClient &) {}
  void setServer(const char *, uint16_t) {}
  bool setBufferSize(uint16_t size) {
    capacity = size;
    return true;
  }
  bool connected() { return is_connected; }
  bool connect(const char *) {
    is_connected = true;
    return true;
  }
  bool loop() { return true; }
  bool publish(const char *topic, const uint8_t *payload, unsigned int length, bool retained) {
    if (retained || length + 64 > capacity) return false;
    printf("%lu %s ", board_clock, topic);
    for (unsigned int index = 0; index < length; index++) printf("%02x", payload[index]);
    printf("\n");
    return true;
  }

 private:
  uint16_t capacity = 256;
  bool is_connected = false;
};

#endif
