// Shelly, second generation and later. Source: Shelly's technical documentation, "RPC protocol", "Notifications" and
// "MQTT".
//
//   {device}/events/rpc            NotifyFullStatus, and NotifyStatus with what changed
//   {device}/status/{component}    where generic status is switched on
//   {device}/online
//
// A component has a number: `temperature:0` is the device's own, 100 and above are probes of an add-on. A notification holds
// only what changed: so a probe is never taken for the device because it stands alone, and has its number in its name.

internal import JSONText
internal import Quantities

enum Shelly {
  static func read(_ payload: [UInt8], _ levels: [Substring]) throws(Refusal) -> DeviceMessage {
    guard levels.count > 1 else { throw .deviceMissing }
    let end = levels.firstIndex { $0 == "events" || $0 == "status" || $0 == "online" } ?? levels.count
    guard let device = Decoder.shelly.device(levels[..<end].joined(separator: "/")) else { throw .deviceMissing }
    switch levels[end...].map(String.init) {
    case ["online"]:
      var message = DeviceMessage(.status, device: device)
      message.readings = [.online(payload)].compactMap { $0 }
      return message
    case ["events", "rpc"]:
      let root = try JSONValue.object(in: payload)
      guard let method = root["method"]?.string, ["NotifyFullStatus", "NotifyStatus"].contains(method),
        let status = root["params"]
      else { return DeviceMessage(.other, device: device) }
      let time = status["ts"]?.decimal.map { Instant(milliseconds: $0.thousandths) }
      var message = DeviceMessage(device: device, time: time)
      message.readings = status.members.flatMap { readings(of: $0.value, component: $0.key) }
      message.manifold = kinds
      message.object = status
      return message
    case let path where path.count == 2 && path[0] == "status":
      let root = try JSONValue.object(in: payload)
      var message = DeviceMessage(device: device)
      message.readings = readings(of: root, component: path[1])
      message.manifold = kinds
      message.object = root
      return message
    default:
      return DeviceMessage(.other, device: device)
    }
  }

  /// The value of a component such as `temperature:0`.
  private static func readings(of value: JSONValue, component: String) -> [DeviceMessage.Reading] {
    let parts = component.split(separator: ":")
    guard parts.count == 2 else { return [] }
    let table = tables[String(parts[0])] ?? []
    return table.readings(of: value["battery"] ?? value, at: parts[1] == "0" ? "" : String(parts[1]))
  }

  private static let kinds = Set(tables.values.joined().map(\.name))

  private static let tables = [
    "temperature": [FamilyRow("tC", "temperature")], "humidity": [FamilyRow("rh", "humidity")],
    "illuminance": [FamilyRow("lux", "light")], "presence": [FamilyRow("num_objects", "people")],
    "devicepower": [FamilyRow("percent", "battery_percent"), FamilyRow("V", "battery_v")],
  ]
}
