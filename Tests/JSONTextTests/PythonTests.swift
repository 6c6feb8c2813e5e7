// The reader beside Python's: the same texts accepted and refused, the same values read.

import Dice
import Foundation
import JSONText
import Quantities
import Testing

@Suite("JSON beside Python's") struct PythonTests {
  /// A value in the judge's words.
  private static func words(_ value: JSONValue) -> String {
    func hex(_ bytes: [UInt8]) -> String {
      bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
    switch value.kind {
    case .null: return "null"
    case .true: return "true"
    case .false: return "false"
    case .number: return String(decoding: value.numberText ?? [], as: UTF8.self)
    case .string: return "\"" + hex(value.stringBytes ?? [])
    case .array: return "[" + value.elements.map(words).joined(separator: ",") + "]"
    case .object:
      return "{" + value.members.map { hex(Array($0.key.utf8)) + ":" + words($0.value) }.joined(separator: ",") + "}"
    }
  }

  private static let pieces = [
    "0", "-0", "-1.5e+3", "1E-2", "01", "1.", ".5", "+1", "1e", "123456789012345678901234567890", "null", "true",
    "false", "NaN",
    "-Infinity", "nul", "\"\"", "\"a\"", "\"é\"", "\"\\u00e9\"", "\"\\ud83d\\ude00\"", "\"\\u12\"", "\"\\x\"",
    "\"\\/\\b\\f\\n\\r\\t\"",
    "\"\u{1}\"", "\"\u{7F}\"", "\"\u{2028}\"", "'a'", "\"\\\"\"", "\"a",
  ]

  /// A text that is JSON or nearly so.
  private static func text(_ dice: inout Dice, depth: Int = 0) -> String {
    let space = dice.pick(["", "", "", " ", "\n\t ", "\r"])
    switch Int.random(in: 0..<(depth > 4 ? 6 : 10), using: &dice) {
    case 6, 7:
      let elements = (0..<Int.random(in: 0...3, using: &dice)).map { _ in text(&dice, depth: depth + 1) }
      let comma = dice.once(in: 30) ? "," : ""
      return space + "[" + elements.joined(separator: space + ",") + comma + space + "]" + space
    case 8, 9:
      let members = (0..<Int.random(in: 0...3, using: &dice)).map { _ in
        dice.pick(["\"a\"", "\"b\"", "\"\\u0061\"", "\"\"", "\"é\"", "a"]) + space + ":" + text(&dice, depth: depth + 1)
      }
      return space + "{" + members.joined(separator: ",") + "}" + dice.pick(["", "", "", "", "}"]) + space
    default: return space + pieces[Int.random(in: pieces.indices, using: &dice)] + space
    }
  }

  @Test("what is accepted, what is refused, and every value") func agrees() throws {
    var dice = Dice(state: 20_260_718)
    var texts = (0..<6000).map { _ in Array(Self.text(&dice).utf8) }
    for index in texts.indices where index % 3 == 0 && !texts[index].isEmpty {
      texts[index][.random(in: texts[index].indices, using: &dice)] = .random(in: .min ... .max, using: &dice)
    }
    let judge = Process()
    judge.executableURL = URL(filePath: "/usr/bin/env")
    judge.arguments = [
      "python3", URL(filePath: #filePath).deletingLastPathComponent().appending(path: "judge.py").path,
    ]
    let (input, output) = (Pipe(), Pipe())
    (judge.standardInput, judge.standardOutput) = (input, output)
    try judge.run()
    let lines = texts.map { Base64.encode($0) + [0x0A] }.flatMap { $0 }
    // A thread of its own: the judge answers while it is still asked.
    let asking = Thread {
      input.fileHandleForWriting.write(Data(lines)); try? input.fileHandleForWriting.close()
    }
    asking.start()
    let answers = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self).split(
      separator: "\n")
    judge.waitUntilExit()
    try #require(judge.terminationStatus == 0 && answers.count == texts.count)
    var accepted = 0
    for (text, answer) in zip(texts, answers) {
      let own = (try? JSONDocument(text)).map { Self.words($0.root) } ?? "refused"
      if own != "refused" { accepted += 1 }
      #expect(own == answer, "\(String(decoding: text, as: UTF8.self).debugDescription)")
    }
    #expect(accepted > 1500 && accepted < 4500)
  }
}
