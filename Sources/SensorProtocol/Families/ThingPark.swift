// Actility ThingPark. Source: Actility's "LRC-AS tunnel interface" and its documentation of ThingPark X connectors.
//
// The topic is the connector's to choose. Old connectors write numbers as text.

internal import JSONText

enum ThingPark {
  static func read(_ payload: [UInt8]) throws(Refusal) -> DeviceMessage {
    let root = try JSONValue.object(in: payload)
    guard let envelope = root.members.first(where: { _ in true }), let kind = envelope.key.dropPrefix("DevEUI_"),
      let device = envelope.value["DevEUI"]?.string.flatMap(Decoder.thingpark.device)
    else { throw .deviceMissing }
    let uplink = envelope.value
    guard kind == "uplink" else { return DeviceMessage(.other, device: device) }
    // A frame of MAC commands alone has no payload.
    guard let data = [UInt8](hex: uplink["payload_hex"]?.string ?? "") else { throw .malformed }
    var message = DeviceMessage(device: device, time: uplink["Time"]?.instant)
    var frame = RadioFrame(port: uplink["FPort"]?.whole ?? 0, counter: uplink["FCntUp"]?.whole ?? 0, payload: data)
    frame.hear(rssi: uplink["LrrRSSI"]?.decimal, snr: uplink["LrrSNR"]?.decimal)
    frame.gateways = uplink["DevLrrCnt"]?.whole.map { Int(clamping: $0) } ?? 1
    message.frame = frame
    message.object = uplink["payload"]
    return message
  }
}

extension String {
  /// What follows a beginning; nil if it begins otherwise.
  fileprivate func dropPrefix(_ prefix: String) -> Substring? { hasPrefix(prefix) ? dropFirst(prefix.count) : nil }
}
