// The reader behind JSONDocument: one pass, one check a byte, no recursion deeper than the stated limit.

struct JSONParser {
  let bytes: [UInt8]
  let options: JSONDocument.Options
  var nodes: ContiguousArray<JSONDocument.Node> = []
  private var at = 0
  private var depth = 0

  init(bytes: [UInt8], options: JSONDocument.Options) {
    self.bytes = bytes
    self.options = options
    nodes.reserveCapacity(min(bytes.count / 8 + 4, 4096))
  }

  mutating func document() throws(JSONError) {
    guard bytes.count < Int(Int32.max) else { throw fault(.tooLong, "the text is longer than 2 GiB") }
    if options.forPeople, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { at = 3 }
    try skipBlank()
    guard at < bytes.count else { throw fault(.empty, "nothing but white space; a JSON value was expected") }
    try value()
    try skipBlank()
    guard at == bytes.count else { throw fault(.trailingText, "text after the end of the value") }
  }

  private mutating func value() throws(JSONError) {
    guard at < bytes.count else { throw unexpectedEnd("a value") }
    switch bytes[at] {
    case 0x7B: try object()
    case 0x5B: try array()
    case 0x22: try string()
    case 0x2D, 0x30...0x39: try number()
    case 0x74: try word("true", .true)
    case 0x66: try word("false", .false)
    case 0x6E: try word("null", .null)
    default: throw unexpected("a value")
    }
  }

  private mutating func object() throws(JSONError) {
    let node = try open(.object)
    try skipBlank()
    while peek() != 0x7D {
      guard peek() == 0x22 else { throw unexpected("a key in double quotes, or }") }
      try string()
      try skipBlank()
      guard peek() == 0x3A else { throw unexpected("a colon") }
      at += 1
      try skipBlank()
      try value()
      try skipBlank()
      guard try comma(before: 0x7D) else { break }
    }
    try close(node, with: 0x7D)
    try refuseRepeated(in: node)
  }

  private mutating func array() throws(JSONError) {
    let node = try open(.array)
    try skipBlank()
    while peek() != 0x5D {
      try value()
      try skipBlank()
      guard try comma(before: 0x5D) else { break }
    }
    try close(node, with: 0x5D)
  }

  /// Reads a comma and says whether another element follows.
  private mutating func comma(before close: UInt8) throws(JSONError) -> Bool {
    guard peek() == 0x2C else { return false }
    at += 1
    try skipBlank()
    if peek() == close {
      guard options.forPeople else { throw unexpected("another element after the comma") }
      return false
    }
    return true
  }

  private mutating func open(_ kind: JSONValue.Kind) throws(JSONError) -> Int {
    depth += 1
    guard depth <= options.maximumDepth else {
      throw fault(.tooDeep, "more than \(options.maximumDepth) arrays and objects inside each other")
    }
    nodes.append(.init(kind: kind, start: Int32(at), end: 0, next: 0))
    at += 1
    return nodes.count - 1
  }

  private mutating func close(_ node: Int, with byte: UInt8) throws(JSONError) {
    guard peek() == byte else { throw unexpected("a comma or \(byte == 0x7D ? "}" : "]")") }
    at += 1
    depth -= 1
    nodes[node].end = Int32(at)
    nodes[node].next = Int32(nodes.count)
  }

  private mutating func leaf(_ kind: JSONValue.Kind, _ start: Int, _ end: Int, hasEscapes: Bool = false) {
    nodes.append(
      .init(kind: kind, hasEscapes: hasEscapes, start: Int32(start), end: Int32(end), next: Int32(nodes.count + 1)))
  }

  private mutating func word(_ text: String, _ kind: JSONValue.Kind) throws(JSONError) {
    guard bytes[at...].starts(with: text.utf8) else { throw unexpected("a value") }
    at += text.utf8.count
    leaf(kind, at - text.utf8.count, at)
  }

  private mutating func number() throws(JSONError) {
    let start = at
    if bytes[at] == 0x2D { at += 1 }
    if peek() == 0x30 {
      at += 1
    } else {
      try digits()
    }
    if peek() == 0x2E {
      at += 1
      try digits()
    }
    if let mark = peek(), mark == 0x65 || mark == 0x45 {
      at += 1
      if let sign = peek(), sign == 0x2B || sign == 0x2D { at += 1 }
      try digits()
    }
    if let byte = peek(), byte == 0x2E || byte == 0x2B || byte == 0x2D || isWordByte(byte) {
      throw fault(.badNumber, "this is not a JSON number")
    }
    leaf(.number, start, at)
  }

  private func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    default: false
    }
  }

  private mutating func digits() throws(JSONError) {
    guard let first = peek(), (0x30...0x39).contains(first) else {
      throw fault(.badNumber, "a digit was expected in this number")
    }
    while let byte = peek(), (0x30...0x39).contains(byte) { at += 1 }
  }

  private mutating func string() throws(JSONError) {
    at += 1
    let start = at
    var hasEscapes = false
    while true {
      guard at < bytes.count else { throw unexpectedEnd("the closing quote of a string") }
      let byte = bytes[at]
      switch byte {
      case 0x22:
        leaf(.string, start, at, hasEscapes: hasEscapes)
        at += 1
        return
      case 0x5C:
        hasEscapes = true
        try escape()
      case 0x20...0x7F:
        at += 1
      case 0x80...0xFF:
        guard let length = UTF8Check.length(at: at, in: bytes) else {
          throw fault(.notUTF8, "the bytes here are not UTF-8 text")
        }
        at += length
      default:
        throw fault(.badString, "a control character has to be written as an escape")
      }
    }
  }

  private mutating func escape() throws(JSONError) {
    let start = at
    at += 1
    switch peek() {
    case 0x22, 0x5C, 0x2F, 0x62, 0x66, 0x6E, 0x72, 0x74:
      at += 1
    case 0x75:
      at += 1
      let unit = try hex4(from: start)
      if (0xD800...0xDBFF).contains(unit) {
        guard peek() == 0x5C, at + 1 < bytes.count, bytes[at + 1] == 0x75 else {
          throw fault(.badEscape, "half of a surrogate pair", at: start)
        }
        at += 2
        guard (0xDC00...0xDFFF).contains(try hex4(from: start)) else {
          throw fault(.badEscape, "half of a surrogate pair", at: start)
        }
      } else if (0xDC00...0xDFFF).contains(unit) {
        throw fault(.badEscape, "half of a surrogate pair", at: start)
      }
    default:
      throw fault(.badEscape, "JSON has no such escape", at: start)
    }
  }

  private mutating func hex4(from start: Int) throws(JSONError) -> UInt32 {
    guard let unit = JSONEscapes.hex4(bytes[at...]) else {
      throw fault(.badEscape, "four hexadecimal digits were expected", at: start)
    }
    at += 4
    return unit
  }

  /// Few keys are compared with each other, many through a set.
  private func refuseRepeated(in object: Int) throws(JSONError) {
    let end = Int(nodes[object].next)
    var members = 0
    var key = object + 1
    while key < end {
      members += 1
      key = Int(nodes[key + 1].next)
    }
    guard members > 1 else { return }
    var seen: Set<[UInt8]> = []
    key = object + 1
    while key < end {
      if members > 12 {
        guard seen.insert(keyBytes(nodes[key])).inserted else { throw repeated(key) }
      } else {
        var earlier = object + 1
        while earlier < key {
          if isSameKey(nodes[earlier], nodes[key]) { throw repeated(key) }
          earlier = Int(nodes[earlier + 1].next)
        }
      }
      key = Int(nodes[key + 1].next)
    }
  }

  private func isSameKey(_ a: JSONDocument.Node, _ b: JSONDocument.Node) -> Bool {
    if a.hasEscapes || b.hasEscapes { return keyBytes(a) == keyBytes(b) }
    guard a.end - a.start == b.end - b.start else { return false }
    return bytes[Int(a.start)..<Int(a.end)] == bytes[Int(b.start)..<Int(b.end)]
  }

  private func keyBytes(_ node: JSONDocument.Node) -> [UInt8] {
    JSONEscapes.decode(bytes[Int(node.start)..<Int(node.end)], hasEscapes: node.hasEscapes)
  }

  private func repeated(_ key: Int) -> JSONError {
    let name = String(decoding: keyBytes(nodes[key]), as: UTF8.self)
    return fault(.duplicateKey, "the key \"\(name)\" stands twice in this object", at: Int(nodes[key].start))
  }

  private mutating func skipBlank() throws(JSONError) {
    while let byte = peek() {
      switch byte {
      case 0x20, 0x0A, 0x0D, 0x09: at += 1
      case 0x2F where options.forPeople: try comment()
      default: return
      }
    }
  }

  private mutating func comment() throws(JSONError) {
    let start = at
    switch at + 1 < bytes.count ? bytes[at + 1] : 0 {
    case 0x2F:
      while let byte = peek(), byte != 0x0A { at += 1 }
    case 0x2A:
      at += 2
      while at + 1 < bytes.count, !(bytes[at] == 0x2A && bytes[at + 1] == 0x2F) { at += 1 }
      guard at + 1 < bytes.count else { throw fault(.unexpectedEnd, "this comment has no end", at: start) }
      at += 2
    default:
      throw unexpected("// or /* of a comment")
    }
  }

  private func peek() -> UInt8? { at < bytes.count ? bytes[at] : nil }

  private func unexpectedEnd(_ expected: String) -> JSONError {
    fault(.unexpectedEnd, "the text ends where \(expected) was expected")
  }

  private func unexpected(_ expected: String) -> JSONError {
    guard let byte = peek() else { return unexpectedEnd(expected) }
    let found =
      (0x21...0x7E).contains(byte) ? "'\(Character(Unicode.Scalar(byte)))'" : "byte 0x\(String(byte, radix: 16))"
    return fault(.unexpectedCharacter, "found \(found) where \(expected) was expected")
  }

  private func fault(_ fault: JSONError.Fault, _ message: String, at offset: Int? = nil) -> JSONError {
    let offset = offset ?? at
    return JSONError(fault: fault, offset: offset, position: TextPosition(offset: offset, in: bytes), message: message)
  }
}

/// Checks UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
public enum UTF8Check {
  /// The length of the sequence that begins at an index, or nil when it is not UTF-8.
  static func length(at index: Int, in bytes: [UInt8]) -> Int? {
    let first = bytes[index]
    let length: Int
    var lowest: UInt8 = 0x80
    var highest: UInt8 = 0xBF
    switch first {
    case 0x00...0x7F: return 1
    case 0xC2...0xDF: length = 2
    case 0xE0: (length, lowest) = (3, 0xA0)
    case 0xED: (length, highest) = (3, 0x9F)
    case 0xE1...0xEF: length = 3
    case 0xF0: (length, lowest) = (4, 0x90)
    case 0xF1...0xF3: length = 4
    case 0xF4: (length, highest) = (4, 0x8F)
    default: return nil
    }
    guard index + length <= bytes.count, bytes[index + 1] >= lowest, bytes[index + 1] <= highest else { return nil }
    for offset in 2..<max(length, 2) where bytes[index + offset] & 0xC0 != 0x80 { return nil }
    return length
  }

  /// Whether bytes are UTF-8 text.
  public static func isText(_ bytes: [UInt8]) -> Bool {
    let text = bytes.span
    var index = 0
    while index < bytes.count {
      if let word = Word(text, at: index, end: text.count), word.bytes & 0x8080_8080_8080_8080 == 0 {
        index += 8
      } else if bytes[index] < 0x80 {
        index += 1
      } else if let length = length(at: index, in: bytes) {
        index += length
      } else {
        return false
      }
    }
    return true
  }
}
