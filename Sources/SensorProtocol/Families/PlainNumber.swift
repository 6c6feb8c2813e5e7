// A bare number on a topic of its own, as Home Assistant's state stream publishes it. Source: Home Assistant's
// documentation, "MQTT Statestream".
//
// White space around it and one unit behind it are fine, if the field can be in it. A decimal comma is refused unless the settings expect it: who
// reads 24,6 as 246 calls a cool place deadly.

internal import JSONText
internal import Quantities

enum PlainNumber {
  static func read(_ payload: [UInt8], _ topic: String, hasDecimalComma: Bool) throws(Refusal) -> DeviceMessage {
    var message = DeviceMessage(device: topic)
    guard UTF8Check.isText(payload) else { throw .notUTF8 }
    let text = payload.trimmed
    let word = String(decoding: text, as: UTF8.self).lowercased()
    if ["", "unknown", "unavailable", "none"].contains(word) { return message }
    if let state = ExactDecimal(state: text) {
      message.readings = [.init("value", state)]
      message.readings[0].isState = true
      return message
    }
    // The number ends where a unit begins; an "e" belongs to it only before a digit or a sign.
    var end = text.startIndex
    while end < text.endIndex, isNumeric(text, at: end, hasDecimalComma) { end += 1 }
    let digits = text[..<end].map { hasDecimalComma && $0 == 0x2C ? 0x2E : $0 }
    let unit = text[end...].trimmed
    guard let value = ExactDecimal(digits[...]), unit.count <= 16, !unit.contains(where: { $0 == 0x20 || isDigit($0) })
    else { throw .valueNotANumber }
    message.readings = [.init("value", value)]
    message.readings[0].unit = unit.isEmpty ? nil : String(decoding: unit, as: UTF8.self)
    return message
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) || byte == 0x2C || byte == 0x2E }

  private static func isNumeric(_ text: ArraySlice<UInt8>, at index: Int, _ hasDecimalComma: Bool) -> Bool {
    switch text[index] {
    case 0x30...0x39, 0x2B, 0x2D, 0x2E: true
    case 0x2C: hasDecimalComma
    case 0x45, 0x65:
      index + 1 < text.endIndex && index > text.startIndex
        && [0x2B, 0x2D].contains(text[index + 1])
        || index + 1 < text.endIndex && (0x30...0x39).contains(text[index + 1])
    default: false
    }
  }
}

extension Collection<UInt8> where SubSequence == ArraySlice<UInt8> {
  /// The bytes without white space around them.
  fileprivate var trimmed: ArraySlice<UInt8> {
    func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
    let rest = drop(while: isSpace)
    return rest.prefix(upTo: rest.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? rest.startIndex)
  }
}
