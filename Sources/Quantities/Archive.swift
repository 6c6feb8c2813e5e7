// State as bytes and back, by one description of its fields for both directions: they cannot drift apart.
//
//   extension Headcount {
//     mutating func archive(_ archive: inout Archive) {
//       archive.field(&people)
//       archive.field(&lastHeard)
//     }
//   }

/// Bytes that are being written, or read back.
///
/// Who reads checks ``isDamaged`` at the end: until then what cannot be read is left as it is.
public struct Archive {
  /// What was written, or what is read.
  public private(set) var bytes: [UInt8]
  /// Whether fields are filled from the bytes.
  public let isReading: Bool
  /// Whether the bytes were not what the fields asked for.
  public private(set) var isDamaged = false
  private var offset = 0

  /// An archive to write to.
  public init() {
    bytes = []
    isReading = false
  }

  /// An archive to read from.
  public init(reading bytes: [UInt8]) {
    self.bytes = bytes
    isReading = true
  }

  /// Whether all that was written has been read, and nothing else.
  public var isComplete: Bool { !isDamaged && offset == bytes.count }

  /// What is read is not what was expected.
  public mutating func damage() { isDamaged = true }

  /// A whole number, eight bytes.
  public mutating func field(_ value: inout Int64) {
    guard isReading else {
      for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> Int64(shift))) }
      return
    }
    guard !isDamaged, bytes.count - offset >= 8 else { return damage() }
    value = (0..<8).reduce(0) { $0 | Int64(bytes[offset + $1]) << Int64($1 * 8) }
    offset += 8
  }

  /// Another kind of whole number; it must fit.
  public mutating func field(_ value: inout some FixedWidthInteger) {
    var number = Int64(truncatingIfNeeded: value)
    field(&number)
    guard isReading, !isDamaged else { return }
    value = .init(truncatingIfNeeded: number)
    if Int64(truncatingIfNeeded: value) != number { damage() }
  }

  /// Yes or no, one byte.
  public mutating func field(_ value: inout Bool) {
    guard isReading else { return bytes.append(value ? 1 : 0) }
    guard !isDamaged, offset < bytes.count, bytes[offset] <= 1 else { return damage() }
    value = bytes[offset] == 1
    offset += 1
  }

  /// Some bytes behind their number.
  public mutating func field(_ value: inout [UInt8]) {
    let count = self.count(value.count)
    guard isReading else { return bytes += value }
    guard !isDamaged, bytes.count - offset >= count else { return damage() }
    value = Array(bytes[offset..<offset + count])
    offset += count
  }

  /// Text as UTF-8.
  public mutating func field(_ value: inout String) {
    var text = Array(value.utf8)
    field(&text)
    if isReading, !isDamaged { value = String(decoding: text, as: UTF8.self) }
  }

  /// A moment.
  public mutating func field(_ value: inout Instant) {
    var milliseconds = value.milliseconds
    field(&milliseconds)
    value = Instant(milliseconds: milliseconds)
  }

  /// A quantity.
  public mutating func field<Unit>(_ value: inout Milli<Unit>) {
    var number = value.rawValue
    field(&number)
    value = Milli(number)
  }

  /// A name of a fixed list.
  public mutating func field<Name: RawRepresentable>(_ value: inout Name) where Name.RawValue == String {
    var name = value.rawValue
    field(&name)
    guard isReading, !isDamaged else { return }
    if let known = Name(rawValue: name) { value = known } else { damage() }
  }

  /// Something or nothing.
  ///
  /// - Parameters:
  ///   - value: the thing.
  ///   - blank: what reading begins with; it is filled.
  ///   - body: writes or reads the thing.
  public mutating func field<T>(_ value: inout T?, blank: T, _ body: (inout Archive, inout T) -> Void) {
    var isThere = value != nil
    field(&isThere)
    guard isThere, !isDamaged else {
      if isReading { value = nil }
      return
    }
    var thing = value ?? blank
    body(&self, &thing)
    value = thing
  }

  /// A moment or none.
  public mutating func field(_ value: inout Instant?) { field(&value, blank: .distantPast) { $0.field(&$1) } }

  /// A whole number or none.
  public mutating func field<Number: FixedWidthInteger>(_ value: inout Number?) {
    field(&value, blank: 0) { $0.field(&$1) }
  }

  /// Yes, no, or not known.
  public mutating func field(_ value: inout Bool?) { field(&value, blank: false) { $0.field(&$1) } }

  /// A list.
  ///
  /// - Parameters:
  ///   - value: the list.
  ///   - blank: what reading an element begins with.
  ///   - body: writes or reads an element.
  public mutating func list<T>(_ value: inout [T], blank: T, _ body: (inout Archive, inout T) -> Void) {
    let count = self.count(value.count)
    guard isReading else {
      for var element in value { body(&self, &element) }
      return
    }
    value = []
    for _ in 0..<count {
      guard !isDamaged else { return }
      var element = blank
      body(&self, &element)
      value.append(element)
    }
  }

  /// Elements that are there already, one for each thing of a configuration: their number must be the same.
  public mutating func elements<T>(of value: inout [T], _ body: (inout Archive, inout T) -> Void) {
    guard count(value.count) == value.count else { return damage() }
    for index in value.indices where !isDamaged { body(&self, &value[index]) }
  }

  /// The number of elements that follow; each takes a byte at least.
  private mutating func count(_ own: Int) -> Int {
    var count = own
    field(&count)
    guard isReading else { return own }
    guard !isDamaged, 0...(bytes.count - offset) ~= count else {
      damage()
      return 0
    }
    return count
  }
}
