// What people on duty read in French: nothing that the gateway may tell them of their timetables and acts is left out.

import Foundation
import Testing

@testable import OperatorEndpoint

@Suite("French sentences") struct SentencesTests {
  private static let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Sources")

  /// The texts that a room's source gives to something, with `7` where a value is put in.
  private static func literals(of room: String, after call: String) throws -> [String] {
    let names = try FileManager.default.contentsOfDirectory(atPath: sources.appending(path: room).path)
    let texts = try names.map { try String(contentsOf: sources.appending(path: "\(room)/\($0)"), encoding: .utf8) }
    return texts.flatMap { text in
      text.components(separatedBy: call + "\"").dropFirst().compactMap { rest -> String? in
        guard let end = rest.firstMatch(of: #/(?:\\"|[^"\\]|\\\((?:[^()]|\([^()]*\))*\))*/#) else { return nil }
        return String(end.output).replacing(#/\\\((?:[^()]|\([^()]*\))*\)/#, with: "7").replacing("\\\"", with: "\"")
      }
    }
  }

  @Test(
    "there is French for everything that is said of timetables and commands",
    arguments: [
      ("Timetables", " error(", 25), ("Timetables", "number(", 5), ("Timetables", "message: ", 3),
      ("Core", "CommandError(", 13),
    ])
  func complete(_ source: (room: String, call: String, least: Int)) throws {
    let texts = try Self.literals(of: source.room, after: source.call)
    #expect(texts.count >= source.least, "\(texts)")
    for text in texts where Sentences.french(text) == nil { Issue.record("no French for: \(text)") }
  }

  @Test(
    "what differs is put where it belongs, and what is unknown stays",
    arguments: [
      ("column 7: a time such as 18:00 was expected", "colonne 7 : une heure comme 18:00 était attendue"),
      ("column 3: '%' means nothing in opening hours", "colonne 3 : « % » ne veut rien dire dans des horaires"),
      ("column 9: a week, 1 to 53, was expected", "colonne 9 : attendu : une semaine, de 1 à 53"),
      (
        "\"levle\" is not known here; known are level, by", "« levle » n'est pas connu ici ; sont connus : level, by"
      ),
      ("\"minutes\" is missing", "« minutes » manque"),
      (
        "COMMIT failed: database or disk is full (SQLite 13)", "COMMIT a échoué : le disque est plein (SQLite 13)"
      ),
      (
        "opening_hours are \"Mo-Fr 8:00-18:00\", and opening_hours_also \"\"",
        "opening_hours dit « Mo-Fr 8:00-18:00 », et opening_hours_also «  »"
      ),
      ("column 7", nil), ("", nil), ("something else", nil),
    ] as [(String, String?)])
  func translated(_ sentence: (english: String, french: String?)) {
    #expect(Sentences.text(sentence.english, .fr) == sentence.french ?? sentence.english)
    #expect(Sentences.text(sentence.english, .en) == sentence.english)
  }
}
