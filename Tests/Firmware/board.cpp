// Runs the sketch for ninety minutes of the board's time, of which the first seventy are without a network.
#include "esp32.ino"

unsigned long board_clock = 0;
bool board_online = false;
WiFiStub WiFi;

int main() {
  setup();
  while (board_clock < 90ul * 60000) {
    board_online = board_clock >= 70ul * 60000;
    loop();
  }
  return 0;
}
