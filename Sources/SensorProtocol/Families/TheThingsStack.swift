// The Things Stack, version 3. Source: its documentation of the MQTT server and of data formats.
//
//   v3/{application}@{tenant}/devices/{device}/{up|join|…}
//
// Zeros are left out: no `f_cnt` is 0.

internal import JSONText

enum TheThingsStack {
  static func read(_ payload: [UInt8], _ levels: [Substring]) throws(Refusal) -> DeviceMessage {
    let root = try JSONValue.object(in: payload)
    guard let device = root["end_device_ids"]?["dev_eui"]?.string.flatMap(Decoder.thingsStack.device) else {
      throw .deviceMissing
    }
    if root["simulated"]?.bool == true { throw .simulated }
    if levels.last == "join" { return DeviceMessage(.join, device: device, time: root["received_at"]?.instant) }
    guard levels.last == "up", let uplink = root["uplink_message"] else { return DeviceMessage(.other, device: device) }
    guard let data = (uplink["frm_payload"]?.stringSlice ?? []).base64 else { throw .malformed }
    // The network server's time comes before that of the application server.
    var message = DeviceMessage(device: device, time: (uplink["received_at"] ?? root["received_at"])?.instant)
    var frame = RadioFrame(port: uplink["f_port"]?.whole ?? 0, counter: uplink["f_cnt"]?.whole ?? 0, payload: data)
    for gateway in uplink["rx_metadata"].map({ Array($0.elements) }) ?? [] {
      frame.hear(rssi: gateway["rssi"]?.decimal, snr: gateway["snr"]?.decimal)
    }
    message.frame = frame
    message.object = uplink["decoded_payload"]
    let air = uplink["normalized_payload"]?.elements.first { $0["air"] != nil }?["air"]
    message.readings = air.map { normalized.readings(of: $0) } ?? []
    if let battery = uplink["last_battery_percentage"] { message.readings += self.battery.readings(of: battery) }
    return message
  }

  private static let normalized = [
    FamilyRow("temperature", "temperature"), FamilyRow("relativeHumidity", "humidity"),
    FamilyRow("pressure", "pressure"),
  ]
  private static let battery = [FamilyRow("value", "battery_percent")]
}
