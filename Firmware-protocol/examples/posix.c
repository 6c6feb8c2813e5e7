/*
 * One temperature to a broker, from any machine with libmosquitto:
 *
 *   cc -std=c99 -I.. -o capteur posix.c -lmosquitto
 *   ./capteur 127.0.0.1 1883 votre-lieu mon-capteur 25.5
 *
 * It leaves when the broker has acknowledged the message: with QoS 1 that is when it will not be lost any more.
 */
#include <mosquitto.h>
#include <stdio.h>
#include <stdlib.h>

#include "tonnelle_sensor.h"

static void on_connect(struct mosquitto *client, void *state, int code) {
  (void)state;
  if (code != 0) {
    fprintf(stderr, "the broker refuses the connection: %s\n", mosquitto_connack_string(code));
    exit(1);
  }
  (void)client;
}

static void on_publish(struct mosquitto *client, void *state, int message) {
  (void)message;
  (void)state;
  mosquitto_disconnect(client);
}

int main(int count, char **words) {
  uint8_t buffer[128];
  char topic[160];
  tonnelle_pack pack;
  struct mosquitto *client;
  size_t length;
  double degrees;
  int problem;

  if (count != 6) {
    fprintf(stderr, "usage: %s HOST PORT PLACE SENSOR DEGREES\n", words[0]);
    return 2;
  }
  if (tonnelle_topic(topic, sizeof topic, words[3], words[4]) == 0) {
    fprintf(stderr, "an identifier is 1 to 64 of a-z, 0-9 and -\n");
    return 2;
  }
  degrees = atof(words[5]);
  tonnelle_begin(&pack, TONNELLE_CBOR, buffer, sizeof buffer);
  tonnelle_add(&pack, TONNELLE_TEMPERATURE, (int64_t)(degrees * 10 + (degrees < 0 ? -0.5 : 0.5)), 1, TONNELLE_NOW);
  length = tonnelle_end(&pack);

  mosquitto_lib_init();
  client = mosquitto_new(NULL, true, NULL);
  if (client == NULL) return 1;
  mosquitto_connect_callback_set(client, on_connect);
  mosquitto_publish_callback_set(client, on_publish);
  problem = mosquitto_connect(client, words[1], atoi(words[2]), 30);
  if (problem == MOSQ_ERR_SUCCESS) {
    problem = mosquitto_publish(client, NULL, topic, (int)length, buffer, 1, false);
  }
  if (problem == MOSQ_ERR_SUCCESS) problem = mosquitto_loop_forever(client, -1, 1);
  if (problem != MOSQ_ERR_SUCCESS) fprintf(stderr, "not published: %s\n", mosquitto_strerror(problem));
  mosquitto_destroy(client);
  mosquitto_lib_cleanup();
  return problem == MOSQ_ERR_SUCCESS ? 0 : 1;
}
