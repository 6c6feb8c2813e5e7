// Zigbee2MQTT. Source: its documentation, "MQTT topics and messages" and "Exposes".
//
//   zigbee2mqtt/{friendly name}, which may contain "/"; the base topic is one level.
//
// By default every message repeats the last known value of what did not change, so that a silent thermometer looks alive
// as long as its door contact speaks: `last_seen`, which has to be switched on, is the time of what is new.

internal import JSONText
internal import Quantities

enum Zigbee2MQTT {
  static func read(_ payload: [UInt8], _ levels: [Substring]) throws(Refusal) -> DeviceMessage {
    var name = levels.dropFirst()
    guard let first = name.first, let last = name.last else { throw .deviceMissing }
    if first == "bridge" || last == "set" || last == "get" { return DeviceMessage(.other, device: "") }
    let isAvailability = last == "availability" && name.count > 1
    if isAvailability { name = name.dropLast() }
    guard let device = Decoder.zigbee2mqtt.device(name.joined(separator: "/")) else { throw .deviceMissing }
    if isAvailability {
      var message = DeviceMessage(.status, device: device)
      message.readings = [.online(payload)].compactMap { $0 }
      return message
    }
    let root = try JSONValue.object(in: payload)
    let seen = root["last_seen"]
    var message = DeviceMessage(
      device: device, time: seen?.instant ?? seen?.whole.map { Instant(milliseconds: $0) })
    message.readings = table.readings(of: root)
    message.object = root
    return message
  }

  private static let table = [
    FamilyRow("temperature", "temperature"), FamilyRow("humidity", "humidity"), FamilyRow("occupancy", "occupied"),
    FamilyRow("illuminance", "light"), FamilyRow("pressure", "pressure"), FamilyRow("battery", "battery_percent"),
    FamilyRow("voltage", "battery_v", over: 1000), FamilyRow("linkquality", "link_quality"),
  ]
}

extension DeviceMessage.Reading {
  /// Whether a hub says that a device is there: `online`, `Online` or `{"state":"online"}`, as several families do.
  static func online(_ payload: [UInt8]) -> Self? {
    let state = (try? JSONDocument(payload))?.root["state"]?.string ?? String(decoding: payload, as: UTF8.self)
    switch state.lowercased() {
    case "online", "true": return .init("online", ExactDecimal(1))
    case "offline", "false": return .init("online", ExactDecimal(0))
    default: return nil
    }
  }
}
