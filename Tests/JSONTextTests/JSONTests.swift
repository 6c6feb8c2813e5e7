// One reader for everything: what it takes, what it refuses, and where it says the fault is.

import Testing

@testable import JSONText

@Suite("JSON") struct JSONTests {
  static let refused: [(text: String, fault: JSONError.Fault, line: Int, column: Int)] = [
    ("", .empty, 1, 1), ("  \n ", .empty, 2, 2), ("{", .unexpectedEnd, 1, 2), ("[1,", .unexpectedEnd, 1, 4),
    ("[1,]", .unexpectedCharacter, 1, 4), ("{\"a\":1,}", .unexpectedCharacter, 1, 8),
    ("[1 2]", .unexpectedCharacter, 1, 4),
    ("{a:1}", .unexpectedCharacter, 1, 2), ("{'a':1}", .unexpectedCharacter, 1, 2),
    ("{\"a\" 1}", .unexpectedCharacter, 1, 6),
    ("nul", .unexpectedCharacter, 1, 1), ("True", .unexpectedCharacter, 1, 1), ("NaN", .unexpectedCharacter, 1, 1),
    ("01", .badNumber, 1, 2), ("1.", .badNumber, 1, 3), ("1e", .badNumber, 1, 3), ("-", .badNumber, 1, 2),
    ("1.2.3", .badNumber, 1, 4), ("+1", .unexpectedCharacter, 1, 1), (".5", .unexpectedCharacter, 1, 1),
    ("0x10", .badNumber, 1, 2), ("\"a", .unexpectedEnd, 1, 3), ("\"\n\"", .badString, 1, 2),
    ("\"\\x\"", .badEscape, 1, 2),
    ("\"\\u12G4\"", .badEscape, 1, 2), ("\"\\ud800\"", .badEscape, 1, 2), ("\"\\udc00\"", .badEscape, 1, 2),
    ("\"\\ud800\\u0041\"", .badEscape, 1, 2), ("1 2", .trailingText, 1, 3), ("[]]", .trailingText, 1, 3),
    ("{\"a\":1,\"a\":2}", .duplicateKey, 1, 9), ("{\"a\":1,\n \"\\u0061\":2}", .duplicateKey, 2, 3),
    ("// no\n1", .unexpectedCharacter, 1, 1), ("\u{FEFF}1", .unexpectedCharacter, 1, 1),
    ("[\"é\", x]", .unexpectedCharacter, 1, 7),
  ]

  @Test("a fault has a name, a line and a column", arguments: refused)
  func refuses(_ example: (text: String, fault: JSONError.Fault, line: Int, column: Int)) {
    #expect {
      _ = try JSONDocument(example.text)
    } throws: { error in
      guard let error = error as? JSONError else { return false }
      return error.fault == example.fault && error.position.line == example.line
        && error.position.column == example.column
    }
  }

  @Test(
    "bytes that are not UTF-8 are refused",
    arguments: [
      [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
      [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22],
      [0x22, 0xE2, 0x82, 0x22], [0xFF, 0xFE, 0x5B, 0x00],
    ] as [[UInt8]])
  func notUTF8(_ bytes: [UInt8]) {
    #expect(throws: JSONError.self) { try JSONDocument(bytes) }
  }

  @Test("each value of a long text knows its line and its column", arguments: [1, 7, 400])
  func positions(perLine: Int) throws {
    // Words of one to four bytes a letter, so that columns are no bytes.
    let words = ["a", "é", "雨", "😀", "ombre"]
    var text = "["
    var expected: [TextPosition] = []
    var (line, column) = (1, 2)
    for number in 0..<3000 {
      let word = words[number % words.count]
      expected.append(TextPosition(line: line, column: column + 1))
      text += "\"\(word)\","
      column += word.unicodeScalars.count + 3
      if number % perLine == perLine - 1 {
        text += "\n"
        (line, column) = (line + 1, 1)
      }
    }
    let document = try JSONDocument(text + "0]")
    #expect(document.root.elements.dropLast().map(\.position) == expected)
  }

  @Test("depth is limited, whatever the text's length") func depth() throws {
    let fine = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
    _ = try JSONDocument(fine)
    #expect(throws: JSONError.self) { try JSONDocument(String(repeating: "[", count: 1_000_000)) }
  }

  @Test("many keys are compared as well as few") func manyKeys() throws {
    let members = (0..<500).map { "\"k\($0)\":\($0)" }
    let document = try JSONDocument("{\(members.joined(separator: ","))}")
    #expect(document.root["k499"]?.integer == 499)
    #expect(throws: JSONError.self) { try JSONDocument("{\((members + ["\"k7\":1"]).joined(separator: ","))}") }
  }

  @Test("people may comment and leave commas behind") func forPeople() throws {
    let text = "\u{FEFF}// settings\n{ \"a\": [1, 2, /* here */ ], }\n"
    #expect(try JSONDocument(text, options: .forPeople).root["a"]?.elements.map(\.integer) == [1, 2])
    #expect(throws: JSONError.self) { try JSONDocument("[,]", options: .forPeople) }
    #expect(throws: JSONError.self) { try JSONDocument("1 /* open", options: .forPeople) }
  }

  @Test("values are what was written") func values() throws {
    let root = try JSONDocument(
      #"{"s":"a\"\\\/\b\f\n\r\té\u00e9\ud83c\udf33\u0000","n":-1.50e+2,"t":true,"f":false,"z":null,"o":{"x":[]}}"#
    ).root
    #expect(root["s"]?.string == "a\"\\/\u{8}\u{C}\n\r\téé🌳\0")
    #expect(root["n"].map { String(decoding: $0.numberText ?? [], as: UTF8.self) } == "-1.50e+2")
    #expect(root["t"]?.bool == true && root["f"]?.bool == false && root["z"]?.isNull == true)
    #expect(root["o"]?["x"]?.elements.map(\.kind).isEmpty == true)
    #expect(root.members.map(\.key) == ["s", "n", "t", "f", "z", "o"])
    #expect(root["missing"] == nil && root["s"]?["x"] == nil)
  }

  @Test("what is written is read back") func writing() throws {
    let strings = ["", "plain", "\"\\\n\r\t\u{1}\u{1F}é🌳\0", "</script>"]
    var json = JSONWriter()
    json.object { json in
      json.key("list")
      json.array { json in for string in strings { json.string(string) } }
      json.member("number", Int64.min)
      json.member("flag", true)
      json.member(ifPresent: "absent", nil)
      json.key("empty")
      json.object { _ in }
    }
    let root = try JSONDocument(json.bytes).root
    #expect(root["list"]?.elements.map(\.string) == strings)
    #expect(root["number"]?.integer == Int(Int64.min))
    #expect(root["absent"] == nil && root["empty"]?.kind == .object)
  }
}
