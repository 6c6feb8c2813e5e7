// ChirpStack, versions 4 and 3. Source: ChirpStack's documentation of its MQTT integration, and its protobuf definitions
// `integration.proto` of both versions.
//
//   application/{application}/device/{devEUI}/event/{up|join|status|…}
//
// Version 4 is the protobuf JSON mapping, which leaves out zeros: no `fCnt` is 0. Version 3 speaks two dialects, one of
// which writes identifiers in base64 and the decoded object as text in a string.

internal import JSONText
internal import Quantities

enum ChirpStack {
  static func read(_ payload: [UInt8], _ levels: [Substring]) throws(Refusal) -> DeviceMessage {
    let root = try JSONValue.object(in: payload)
    let info = root["deviceInfo"]
    guard let written = (info?["devEui"] ?? root["devEUI"])?.string, let device = device(written) else {
      throw .deviceMissing
    }
    let kind: DeviceMessage.Kind =
      switch levels.last {
      case "up", "rx": .measurement
      case "join": .join
      case "status": .status
      default: .other
      }
    var message = DeviceMessage(kind, device: device, time: root["time"]?.instant)
    switch kind {
    case .measurement:
      guard let data = (root["data"]?.stringSlice ?? []).base64 else { throw .malformed }
      var frame = RadioFrame(port: root["fPort"]?.whole ?? 0, counter: root["fCnt"]?.whole ?? 0, payload: data)
      frame.key = root["deduplicationId"]?.string
      for gateway in root["rxInfo"].map({ Array($0.elements) }) ?? [] {
        frame.hear(rssi: gateway["rssi"]?.decimal, snr: (gateway["snr"] ?? gateway["loRaSNR"])?.decimal)
        // Version 3 has no other time; there a gateway without GPS has none.
        if info == nil { message.time = message.time ?? gateway["time"]?.instant }
      }
      message.frame = frame
      message.object = root["object"]
      if let text = root["objectJSON"]?.stringBytes, !text.isEmpty { message.object = try JSONValue.object(in: text) }
    case .status where root["batteryLevelUnavailable"]?.bool != true && root["externalPowerSource"]?.bool != true:
      message.readings = status.readings(of: root)
    default: break
    }
    return message
  }

  private static let status = [FamilyRow("batteryLevel", "battery_percent"), FamilyRow("margin", "margin")]

  /// Hexadecimal, or base64 of the eight bytes.
  private static func device(_ written: String) -> String? {
    if written.utf8.count == 12, let bytes = Base64.decode(written.utf8) {
      return Decoder.chirpstack.device(
        bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined())
    }
    return Decoder.chirpstack.device(written)
  }
}

extension ArraySlice<UInt8> {
  /// The bytes that base64 text stands for.
  var base64: [UInt8]? { Base64.decode(self) }
}
