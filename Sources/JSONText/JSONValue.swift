// A look at one value of a document. Values are views: cheap to pass, they keep their document alive.

/// One value of a ``JSONDocument``.
public struct JSONValue: Sendable {
  /// What kind of value it is.
  public enum Kind: UInt8, Sendable { case object, array, string, number, `true`, `false`, null }

  let document: JSONDocument.Storage
  let index: Int

  private var node: JSONDocument.Node { document.nodes[index] }

  /// What kind of value it is.
  public var kind: Kind { node.kind }

  /// A string's text.
  public var string: String? { stringBytes.map { String(decoding: $0, as: UTF8.self) } }

  /// A string's text as UTF-8.
  public var stringBytes: [UInt8]? {
    kind == .string ? JSONEscapes.decode(slice, hasEscapes: node.hasEscapes) : nil
  }

  /// A string's text as UTF-8; a view of the document where no escape had to be decoded.
  public var stringSlice: ArraySlice<UInt8>? {
    guard kind == .string else { return nil }
    return node.hasEscapes ? JSONEscapes.decode(slice, hasEscapes: true)[...] : slice
  }

  /// A number as it was written.
  public var numberText: ArraySlice<UInt8>? { kind == .number ? slice : nil }

  /// A number without fraction and exponent that fits.
  public var integer: Int? { numberText.flatMap { Int(String(decoding: $0, as: UTF8.self)) } }

  /// `true` or `false`.
  public var bool: Bool? { kind == .true ? true : kind == .false ? false : nil }

  /// Whether it is `null`.
  public var isNull: Bool { kind == .null }

  /// The bytes it was written with; of a string, what stands between the quotes.
  public var slice: ArraySlice<UInt8> { document.bytes[Int(node.start)..<Int(node.end)] }

  /// Where it stands in its text.
  public var position: TextPosition { document.position(of: Int(node.start)) }

  /// Elements of an array; of anything else, none.
  public var elements: Elements { Elements(document: document, upcoming: index + 1, end: end(of: .array)) }

  /// Members of an object in the order they were written; of anything else, none.
  public var members: Members { Members(document: document, upcoming: index + 1, end: end(of: .object)) }

  private func end(of kind: Kind) -> Int { node.kind == kind ? Int(node.next) : index + 1 }

  /// The member of an object with a key.
  public subscript(key: String) -> JSONValue? {
    for member in members where member.hasKey(key) { return member.value }
    return nil
  }

  /// Whether a string's text is this one; no copy is made of a string without escapes.
  public func isString(_ text: String) -> Bool {
    guard kind == .string else { return false }
    return node.hasEscapes ? string == text : slice.elementsEqual(text.utf8)
  }

  /// The elements of an array.
  public struct Elements: Sequence, IteratorProtocol, Sendable {
    let document: JSONDocument.Storage
    var upcoming: Int
    let end: Int

    /// The next element.
    public mutating func next() -> JSONValue? {
      guard upcoming < end else { return nil }
      defer { upcoming = Int(document.nodes[upcoming].next) }
      return JSONValue(document: document, index: upcoming)
    }
  }

  /// The members of an object.
  public struct Members: Sequence, IteratorProtocol, Sendable {
    let document: JSONDocument.Storage
    var upcoming: Int
    let end: Int

    /// The next member.
    public mutating func next() -> JSONMember? {
      guard upcoming < end else { return nil }
      let member = JSONMember(
        keyValue: JSONValue(document: document, index: upcoming),
        value: JSONValue(document: document, index: upcoming + 1))
      upcoming = Int(document.nodes[upcoming + 1].next)
      return member
    }
  }
}

/// A key of an object and its value.
public struct JSONMember: Sendable {
  let keyValue: JSONValue
  /// The value.
  public let value: JSONValue

  /// The key's text.
  public var key: String { keyValue.string ?? "" }

  /// The key as it was written, escapes undecoded.
  public var rawKey: ArraySlice<UInt8> { keyValue.slice }

  /// Where the key stands.
  public var position: TextPosition { keyValue.position }

  /// Whether the key is this one.
  public func hasKey(_ key: String) -> Bool { keyValue.isString(key) }
}
