// Tasmota. Source: Tasmota's documentation, "MQTT" and "Sensor configuration".
//
//   tele/{topic}/SENSOR, tele/{topic}/LWT, stat/{topic}/STATUS10; {topic} may contain "/".
//
// `Time` is local without saying where: the arrival counts.

internal import JSONText
internal import Quantities

enum Tasmota {
  static func read(_ payload: [UInt8], _ levels: [Substring]) throws(Refusal) -> DeviceMessage {
    let name = levels.dropFirst().dropLast()
    guard let kind = levels.last, let device = Decoder.tasmota.device(name.joined(separator: "/")) else {
      throw .deviceMissing
    }
    if kind == "LWT" {
      var message = DeviceMessage(.status, device: device)
      message.readings = [.online(payload)].compactMap { $0 }
      return message
    }
    guard kind == "SENSOR" || kind == "STATUS10" else { return DeviceMessage(.other, device: device) }
    var root = try JSONValue.object(in: payload)
    root = root["StatusSNS"] ?? root
    var message = DeviceMessage(device: device)
    var kinds: Set<String> = []
    let isFahrenheit = root["TempUnit"]?.isString("F") ?? false
    for chip in root.members where chip.value.kind == .object && !chip.hasKey("ESP32") {  // which measures itself
      for row in table where chip.value[row.key] != nil && !kinds.insert(row.name).inserted {
        message.manifold.insert(row.name)
      }
      for var reading in table.readings(of: chip.value, at: chip.key) {
        if isFahrenheit && reading.name == "temperature" {
          guard let celsius = reading.value.celsiusOfFahrenheit else { continue }
          reading.value = celsius
        }
        message.readings.append(reading)
      }
    }
    message.object = root
    return message
  }

  private static let table = [
    FamilyRow("Temperature", "temperature"), FamilyRow("Humidity", "humidity"), FamilyRow("Pressure", "pressure"),
    FamilyRow("Illuminance", "light"), FamilyRow("CarbonDioxide", "co2"), FamilyRow("Occupancy", "occupied"),
  ]
}

extension ExactDecimal {
  /// Degrees Celsius of degrees Fahrenheit: (F − 32) · 5 / 9.
  var celsiusOfFahrenheit: ExactDecimal? { adding(ExactDecimal(-32))?.scaled(by: 5, over: 9) }
}
