// SenML in CBOR (RFC 8428 §6, RFC 8949) to SenML in JSON: the labels have numbers, the rest means the same, so one reader
// resolves both.

internal import JSONText
internal import Quantities

/// Reads a pack in CBOR and writes it in JSON.
struct SenMLCBOR {
  private let bytes: [UInt8]
  private var place = 0
  private var json = JSONWriter()

  /// Array, map, value, and the array of a decimal fraction.
  private static let maximumDepth = 4

  /// Whether a payload begins as a pack in CBOR does: with an array, or with the tag that says "CBOR".
  static func isLikely(_ first: UInt8) -> Bool { (0x80...0x9F).contains(first) || first == 0xD9 }

  /// The pack in JSON.
  ///
  /// A record that cannot be understood becomes `null`, which is refused for itself alone.
  ///
  /// - Throws: ``Refusal`` for the pack as a whole.
  static func json(of payload: [UInt8]) throws(Refusal) -> [UInt8] {
    var reader = SenMLCBOR(bytes: payload)
    try reader.pack()
    return reader.json.bytes
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  // MARK: Packs and records

  private mutating func pack() throws(Refusal) {
    if bytes.starts(with: [0xD9, 0xD9, 0xF7]) { place = 3 }
    let head = try head()
    guard head.type == .array else { throw .notAPack }
    var records: [[UInt8]] = []
    var left = try count(head)
    while try hasMore(&left) {
      guard records.count < SenMLPack.maximumRecords else { throw .tooManyRecords }
      records.append(try record())
    }
    guard place == bytes.count else { throw .malformed }
    json.array { json in for record in records { json.raw(String(decoding: record, as: UTF8.self)) } }
  }

  private static let labels: [Int64: String] = [
    -6: "bs", -5: "bv", -4: "bu", -3: "bt", -2: "bn", -1: "bver", 0: "n", 1: "u", 2: "v", 3: "vs", 4: "vb", 5: "s",
    6: "t", 7: "ut", 8: "vd",
  ]

  /// A record as a JSON object; `null` if it is no map, or names something twice.
  private mutating func record() throws(Refusal) -> [UInt8] {
    let head = try head()
    guard head.type == .map else {
      try skip(head, depth: 2)
      return Array("null".utf8)
    }
    var members: [(label: String, value: [UInt8])] = []
    var isSound = true
    var left = try count(head)
    while try hasMore(&left) {
      let label = try label()
      let value = try value(isData: label == "vd", depth: 3)
      guard let label else { continue }
      if members.contains(where: { $0.label == label }) { isSound = false }
      if let value { members.append((label, value)) }
    }
    guard isSound else { return Array("null".utf8) }
    var json = JSONWriter()
    json.object { json in
      for (label, value) in members { json.member(label, raw: String(decoding: value, as: UTF8.self)) }
    }
    return json.bytes
  }

  /// The label of a key; nil of an extension that may be ignored.
  private mutating func label() throws(Refusal) -> String? {
    let head = try head()
    switch head.type {
    case .unsigned, .negative: return Self.labels[try integer(head)]
    case .text:
      if try text(head).hasSuffix("_") { throw .mustUnderstand }
      return nil
    default:
      try skip(head, depth: 3)
      return nil
    }
  }

  /// A value as JSON; nil of what says nothing: null, undefined, not a number.
  private mutating func value(isData: Bool, depth: Int) throws(Refusal) -> [UInt8]? {
    let head = try head()
    var json = JSONWriter()
    switch head.type {
    case .unsigned, .negative: json.raw(String(try integer(head)))
    case .bytes:
      let data = try data(head)
      guard isData else { return Array("{}".utf8) }  // no kind that a label takes
      json.string(Self.base64URL(data))
    case .text: json.string(try text(head))
    case .array, .map:
      try skip(head, depth: depth)
      return Array("{}".utf8)
    case .tag:
      let number = try argument(head)
      guard depth < Self.maximumDepth else { throw .tooDeep }
      guard number == 4 else { return try value(isData: isData, depth: depth + 1) }
      guard let text = try decimalFraction(depth: depth + 1) else { return Array("{}".utf8) }
      json.raw(text)
    case .simple:
      switch head.information {
      case 20: json.bool(false)
      case 21: json.bool(true)
      case 22, 23: return nil
      case 25, 26, 27:
        guard let text = try float(head) else { return nil }
        json.raw(text)
      default:
        _ = try argument(head)
        return nil
      }
    }
    return json.bytes
  }

  /// `[exponent, mantissa]` as a decimal number; nil if it is something else.
  private mutating func decimalFraction(depth: Int) throws(Refusal) -> String? {
    let head = try head()
    guard head.type == .array, head.information == 2 else {
      try skip(head, depth: depth)
      return nil
    }
    var numbers: [Int64] = []
    for _ in 0..<2 {
      let part = try self.head()
      guard part.type == .unsigned || part.type == .negative else {
        try skip(part, depth: depth + 1)
        continue
      }
      numbers.append(try integer(part))
    }
    guard numbers.count == 2, (-9...9).contains(numbers[0]) else { return nil }
    return "\(numbers[1])e\(numbers[0])"
  }

  // MARK: Items

  private enum MajorType: UInt8 { case unsigned, negative, bytes, text, array, map, tag, simple }

  private struct Head {
    var type: MajorType
    var information: UInt8
    var isIndefinite: Bool { information == 31 }
  }

  private mutating func head() throws(Refusal) -> Head {
    guard place < bytes.count, let type = MajorType(rawValue: bytes[place] >> 5) else { throw .malformed }
    let head = Head(type: type, information: bytes[place] & 31)
    place += 1
    guard !(28...30).contains(head.information) else { throw .malformed }
    return head
  }

  /// The number behind a head, in the head itself or in the next 1, 2, 4 or 8 bytes.
  private mutating func argument(_ head: Head) throws(Refusal) -> UInt64 {
    guard head.information >= 24 else { return UInt64(head.information) }
    guard head.information <= 27 else { throw .malformed }
    let count = 1 << Int(head.information - 24)
    guard bytes.count - place >= count else { throw .malformed }
    defer { place += count }
    return bytes[place..<place + count].reduce(0) { $0 << 8 | UInt64($1) }
  }

  private mutating func integer(_ head: Head) throws(Refusal) -> Int64 {
    let argument = Int64(clamping: try argument(head))
    return head.type == .negative ? -1 - argument : argument
  }

  /// How many items follow, each of a byte at least, a member of a map of two; nil: all until a break.
  private mutating func count(_ head: Head) throws(Refusal) -> Int? {
    if head.isIndefinite { return nil }
    let count = try argument(head)
    guard count <= UInt64(bytes.count - place) / (head.type == .map ? 2 : 1) else { throw .malformed }
    return Int(count)
  }

  /// Whether another item follows; a break is read.
  private mutating func hasMore(_ left: inout Int?) throws(Refusal) -> Bool {
    if let known = left {
      left = known - 1
      return known > 0
    }
    guard place < bytes.count else { throw .malformed }
    guard bytes[place] == 0xFF else { return true }
    place += 1
    return false
  }

  /// The bytes of a string; one in chunks is refused.
  private mutating func data(_ head: Head) throws(Refusal) -> ArraySlice<UInt8> {
    let count = try argument(head)
    guard count <= UInt64(bytes.count - place) else { throw .malformed }
    defer { place += Int(count) }
    return bytes[place..<place + Int(count)]
  }

  private mutating func text(_ head: Head) throws(Refusal) -> String {
    guard let text = String(validating: try data(head), as: UTF8.self) else { throw .notUTF8 }
    return text
  }

  /// A floating-point number as the shortest decimal that is nearest to it; nil of what is none.
  private mutating func float(_ head: Head) throws(Refusal) -> String? {
    let bits = try argument(head)
    switch head.information {
    case 25: return Self.text(Self.half(UInt16(truncatingIfNeeded: bits)))
    case 26: return Self.text(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
    default: return Self.text(Double(bitPattern: bits))
    }
  }

  private static func text<Number: BinaryFloatingPoint & CustomStringConvertible>(_ number: Number) -> String? {
    number.isFinite ? number.description : nil
  }

  /// A half-precision number (IEEE 754 binary16), which not every processor knows.
  private static func half(_ bits: UInt16) -> Float {
    let exponent = Int(bits >> 10 & 31)
    let fraction = Float(bits & 1023) / 1024
    let size: Float =
      switch exponent {
      case 0: Float(sign: .plus, exponent: -14, significand: fraction)
      case 31: fraction == 0 ? .infinity : .nan
      default: Float(sign: .plus, exponent: exponent - 15, significand: 1 + fraction)
      }
    return bits >> 15 == 0 ? size : -size
  }

  /// Reads over an item whose head has been read.
  private mutating func skip(_ head: Head, depth: Int) throws(Refusal) {
    guard depth <= Self.maximumDepth else { throw .tooDeep }
    switch head.type {
    case .unsigned, .negative: _ = try argument(head)
    case .bytes: _ = try data(head)
    case .text: _ = try text(head)
    case .simple:
      guard !head.isIndefinite else { throw .malformed }
      _ = try argument(head)
    case .tag:
      _ = try argument(head)
      try skip(try self.head(), depth: depth + 1)
    case .array, .map:
      var left = try count(head)
      while try hasMore(&left) {
        for _ in 0..<(head.type == .map ? 2 : 1) { try skip(try self.head(), depth: depth + 1) }
      }
    }
  }

  /// Base64 as URLs have it (RFC 4648 §5), without padding.
  private static func base64URL(_ data: ArraySlice<UInt8>) -> String {
    let text = Base64.encode(data).filter { $0 != 0x3D }.map { $0 == 0x2B ? 0x2D : $0 == 0x2F ? 0x5F : $0 }
    return String(decoding: text, as: UTF8.self)
  }
}
