// JSON (RFC 8259) as a flat list of nodes over the bytes it was read from.
//
// A document is read once, checked whole (UTF-8, escapes, duplicate keys, depth), and then looked at through
// `JSONValue`, which copies nothing until a string is asked for. Numbers stay text: who reads one knows its unit.

/// A checked JSON text.
public struct JSONDocument: Sendable {
  /// How strictly to read.
  public struct Options: Sendable {
    /// Whether `//` and `/* */` comments, trailing commas and a leading byte order mark are fine, as in files that
    /// people edit.
    public var forPeople: Bool
    /// How many arrays and objects may stand inside each other.
    public var maximumDepth: Int

    /// Reading options.
    public init(forPeople: Bool = false, maximumDepth: Int = 64) {
      self.forPeople = forPeople
      self.maximumDepth = maximumDepth
    }

    /// What machines send: strictly RFC 8259.
    public static let strict = Options()
    /// What people edit: comments and trailing commas too.
    public static let forPeople = Options(forPeople: true)
  }

  struct Node: Sendable {
    var kind: JSONValue.Kind
    /// A string with a backslash in it, which has to be decoded before it is compared.
    var hasEscapes = false
    /// Where its text begins: for a string behind the quote.
    var start: Int32
    /// Where its text ends: for a string before the quote.
    var end: Int32
    /// The node behind this one and all that it contains.
    var next: Int32
  }

  /// Text and nodes behind one reference: values are passed about a lot, and each copy counts references.
  final class Storage: Sendable {
    let bytes: [UInt8]
    let nodes: ContiguousArray<Node>
    /// The position of every 4,096th byte: a file of thousands of findings is not counted from its first line for each.
    private let marks: [TextPosition]
    private static let markDistance = 4096

    init(bytes: [UInt8], nodes: ContiguousArray<Node>) {
      self.bytes = bytes
      self.nodes = nodes
      var marks = [TextPosition(line: 1, column: 1)]
      for start in stride(from: 0, to: bytes.count - Self.markDistance, by: Self.markDistance) {
        marks.append(marks[marks.count - 1].moved(over: bytes[start..<start + Self.markDistance]))
      }
      self.marks = marks
    }

    func position(of offset: Int) -> TextPosition {
      let mark = min(offset / Self.markDistance, marks.count - 1)
      return marks[mark].moved(over: bytes[mark * Self.markDistance..<offset])
    }
  }

  private let storage: Storage

  /// Reads a whole text; white space may surround it, nothing else.
  ///
  /// - Throws: ``JSONError`` with the position of the first fault.
  public init(_ bytes: [UInt8], options: Options = .strict) throws(JSONError) {
    var parser = JSONParser(bytes: bytes, options: options)
    try parser.document()
    storage = Storage(bytes: bytes, nodes: parser.nodes)
  }

  /// Reads a whole text.
  ///
  /// - Throws: ``JSONError`` with the position of the first fault.
  public init(_ text: String, options: Options = .strict) throws(JSONError) {
    try self.init(Array(text.utf8), options: options)
  }

  /// The outermost value.
  public var root: JSONValue { JSONValue(document: storage, index: 0) }
}

/// Where in a text, counted as editors do: from 1, columns in characters.
public struct TextPosition: Hashable, Sendable {
  /// Line, from 1.
  public let line: Int
  /// Column in Unicode scalars, from 1.
  public let column: Int

  /// A position that is known.
  public init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }

  /// The position of a byte offset in a text.
  public init(offset: Int, in bytes: [UInt8]) {
    self = TextPosition(line: 1, column: 1).moved(over: bytes.prefix(offset))
  }

  /// The position behind some bytes that begin at this one.
  func moved(over bytes: ArraySlice<UInt8>) -> TextPosition {
    var (line, column) = (line, column)
    for byte in bytes {
      if byte == 0x0A {
        line += 1
        column = 1
      } else if byte & 0xC0 != 0x80 {
        column += 1
      }
    }
    return TextPosition(line: line, column: column)
  }
}

/// Why a text is not the JSON that was asked for.
public struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is wrong, as a name that a counter can carry.
  public enum Fault: String, Sendable {
    case empty, unexpectedEnd, unexpectedCharacter, badNumber, badString, badEscape, notUTF8, tooDeep
    case duplicateKey, trailingText, tooLong
  }

  /// What is wrong.
  public let fault: Fault
  /// Offset of the byte at which it shows.
  public let offset: Int
  /// Where that is.
  public let position: TextPosition
  /// The sentence for a person.
  public let message: String

  /// The position and the sentence.
  public var description: String { "line \(position.line), column \(position.column): \(message)" }
}
