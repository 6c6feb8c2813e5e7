// Orange Live Objects. Source: Orange's Live Objects developer guide, "LoRa" and "Data message".
//
//   fifo/{name}, or router/~event/v1/data/new/…
//
// Where the platform decodes, `value` holds the decoded fields beside or instead of the payload.

internal import JSONText

enum LiveObjects {
  static func read(_ payload: [UInt8]) throws(Refusal) -> DeviceMessage {
    let root = try JSONValue.object(in: payload)
    let radio = root["metadata"]?["network"]?["lora"]
    // A stream is called by its device: urn:lo:nsid:lora:{DevEUI}
    let stream = root["streamId"]?.string?.split(separator: ":").last.map(String.init)
    guard let device = (radio?["devEUI"]?.string ?? stream).flatMap(Decoder.liveObjects.device) else {
      throw .deviceMissing
    }
    var message = DeviceMessage(device: device, time: root["timestamp"]?.instant)
    let value = root["value"]
    if let radio {
      guard let data = [UInt8](hex: value?["payload"]?.string ?? "") else { throw .malformed }
      var frame = RadioFrame(port: radio["port"]?.whole ?? 0, counter: radio["fcnt"]?.whole ?? 0, payload: data)
      frame.hear(rssi: radio["rssi"]?.decimal, snr: radio["snr"]?.decimal)
      frame.gateways = radio["gatewayCnt"]?.whole.map { Int(clamping: $0) } ?? 1
      frame.key = root["id"]?.string
      message.frame = frame
    }
    let isDecoded = value?.members.contains { !$0.hasKey("payload") } ?? false
    message.object = isDecoded ? value : nil
    return message
  }
}
