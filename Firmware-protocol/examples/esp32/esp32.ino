// A thermometer of an ESP32, with the libraries WiFi (of the board) and PubSubClient (Nick O'Leary).
//
// What is measured while there is no network is kept and sent later, each reading with its age: a board without a clock
// knows how long ago something was. PubSubClient speaks QoS 0 alone: what it has handed to a connection that is about to
// break is lost. Where that matters take a library with QoS 1, such as espMqttClient, and forget a reading when it is
// acknowledged.

#include <PubSubClient.h>
#include <WiFi.h>

#include "tonnelle_sensor.h"

static const char *network = "fab-lab";
static const char *password = "…";
static const char *broker = "192.168.1.10";
static const char *place = "votre-lieu";
static const char *sensor = "mon-capteur";
static const unsigned long period = 60000;  // milliseconds

static const size_t capacity = 60;  // readings that are kept: an hour
static struct {
  unsigned long at;
  int tenths;
} kept[capacity];
static size_t count = 0;

static WiFiClient wifi;
static PubSubClient client(wifi);
static unsigned long last = 0;

// Replace this by your thermometer's library; tenths of a degree.
static int measure() { return 200 + static_cast<int>(analogRead(34) % 100); }

static void remember(unsigned long now) {
  if (count == capacity) {  // the oldest goes
    memmove(kept, kept + 1, (capacity - 1) * sizeof kept[0]);
    count--;
  }
  kept[count].at = now;
  kept[count].tenths = measure();
  count++;
}

// As many of the kept readings as one pack holds; true when they are on their way.
static bool send(unsigned long now) {
  static uint8_t buffer[512];
  char topic[160];
  tonnelle_pack pack;
  size_t sent = 0;
  tonnelle_begin(&pack, TONNELLE_CBOR, buffer, sizeof buffer);
  while (sent < count) {
    const unsigned long age = (now - kept[sent].at) / 1000;
    if (!tonnelle_add(&pack, TONNELLE_TEMPERATURE, kept[sent].tenths, 1, TONNELLE_AGO(age))) break;
    sent++;
  }
  if (tonnelle_topic(topic, sizeof topic, place, sensor) == 0) return false;
  if (!client.publish(topic, buffer, static_cast<unsigned int>(tonnelle_end(&pack)), false)) return false;
  count -= sent;
  memmove(kept, kept + sent, count * sizeof kept[0]);
  return true;
}

void setup() {
  WiFi.begin(network, password);
  client.setServer(broker, 1883);
  client.setBufferSize(768);
}

void loop() {
  const unsigned long now = millis();
  if (last == 0 || now - last >= period) {
    last = now;
    remember(now);
  }
  if (WiFi.status() == WL_CONNECTED && (client.connected() || client.connect(sensor))) {
    while (count > 0 && send(now)) {
    }
    client.loop();
  }
  delay(100);
}
