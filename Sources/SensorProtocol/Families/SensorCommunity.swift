// sensor.community: airRohr stations and DNMS noise meters. Source: the firmware's own source, `sensors-software`, which
// names its values, and the description of the DNMS.
//
// The topic is the bridge's to choose. Values are text, pressure is in Pa, and what comes from the heated inlet of a dust
// meter is no weather.

internal import JSONText

enum SensorCommunity {
  static func read(_ payload: [UInt8]) throws(Refusal) -> DeviceMessage {
    let root = try JSONValue.object(in: payload)
    let written = (root["esp8266id"] ?? root["esp32id"] ?? root["raspi"])?.slice
    guard let device = written.flatMap({ Decoder.sensorCommunity.device(String(decoding: $0, as: UTF8.self)) }),
      let values = root["sensordatavalues"]
    else { throw .deviceMissing }
    var message = DeviceMessage(device: device)
    var kinds: Set<String> = []
    for value in values.elements {
      guard let type = value["value_type"]?.string, let number = value["value"], !type.hasPrefix("HECA_") else {
        continue
      }
      guard let row = table.first(where: { type == $0.key || type.hasSuffix("_" + $0.key) }) else { continue }
      let chip = type.dropLast(row.key.count + 1)
      if !kinds.insert(row.name).inserted { message.manifold.insert(row.name) }
      if let reading = row.reading(number, at: String(chip)) { message.readings.append(reading) }
    }
    message.object = root
    return message
  }

  private static let table = [
    FamilyRow("temperature", "temperature"), FamilyRow("humidity", "humidity"),
    FamilyRow("pressure", "pressure", over: 100), FamilyRow("noise_LAeq", "laeq"), FamilyRow("noise_LA_min", "lamin"),
    FamilyRow("noise_LA_max", "lamax"), FamilyRow("signal", "rssi"),
  ]
}
