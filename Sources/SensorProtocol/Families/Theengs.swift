// Theengs and OpenMQTTGateway: what Bluetooth sensors broadcast. Source: the documentation of Theengs Decoder and of
// OpenMQTTGateway, "Bluetooth".
//
//   home/{gateway}/BTtoMQTT/{address without colons}
//
// Several gateways hear one sensor. They hear everything else too, telephones and watches among it: only sensors that the
// settings list are read, and nothing is noted of others.

internal import JSONText

enum Theengs {
  static func read(_ payload: [UInt8], _ levels: [Substring]) throws(Refusal) -> DeviceMessage {
    guard levels.count > 1, levels[levels.count - 2] == "BTtoMQTT",
      let device = Decoder.theengs.device(String(levels[levels.count - 1]))
    else { return DeviceMessage(.other, device: "") }
    let root = try JSONValue.object(in: payload)
    var message = DeviceMessage(device: device)
    message.readings = table.readings(of: root)
    message.object = root
    return message
  }

  private static let table = [
    FamilyRow("tempc", "temperature"), FamilyRow("hum", "humidity"), FamilyRow("batt", "battery_percent"),
    FamilyRow("volt", "battery_v"), FamilyRow("pres", "pressure"), FamilyRow("lux", "light"), FamilyRow("rssi", "rssi"),
  ]
}
