// What is wrong with a configuration: all of it, with the place in the file, what was found, what was expected.

public import JSONText
internal import Quantities

/// One thing that is wrong, or doubtful, in a file.
public struct Finding: Hashable, Sendable, CustomStringConvertible {
  /// How bad it is.
  public enum Severity: String, Sendable {
    /// The configuration cannot be used.
    case error
    /// It can, but somebody should look.
    case warning
  }

  /// How bad it is.
  public var severity: Severity
  /// The file's name.
  public var file: String
  /// Where in the file; nil when the file as a whole is meant.
  public var position: TextPosition?
  /// The path of keys, such as `sensors[3].period_s`; for a place its identifier stands in it.
  public var path: String
  /// What was found and what was expected, in a sentence.
  public var message: String

  /// `file:line:column: error: path: message`, as compilers print it.
  public var description: String {
    let place = position.map { ":\($0.line):\($0.column)" } ?? ""
    return "\(file)\(place): \(severity.rawValue): \(path.isEmpty ? "" : "\(path): ")\(message)"
  }
}

/// Collects findings while a file is read.
final class Report {
  private(set) var findings: [Finding] = []

  var hasErrors: Bool { findings.contains { $0.severity == .error } }

  func add(_ severity: Finding.Severity, _ file: String, _ position: TextPosition?, _ path: String, _ message: String) {
    findings.append(Finding(severity: severity, file: file, position: position, path: path, message: message))
  }
}

/// Reads the members of one object, and notices those that nobody asked for.
final class ObjectReader {
  let value: JSONValue
  let file: String
  let path: String
  let report: Report
  /// Where the object stands, if it was made of something that is no JSON.
  private let origin: TextPosition?
  private var known: [String] = []

  init(_ value: JSONValue, file: String, path: String, report: Report, origin: TextPosition? = nil) {
    self.value = value
    self.file = file
    self.path = path
    self.report = report
    self.origin = origin
    if value.kind != .object { error(at: value, "", "an object in braces was expected, \(Self.name(value)) was found") }
  }

  func child(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  /// Where the object stands.
  var position: TextPosition { origin ?? value.position }

  func error(at value: JSONValue, _ key: String, _ message: String) {
    add(.error, value.position, key.isEmpty ? path : child(key), message)
  }

  func warning(at value: JSONValue, _ key: String, _ message: String) {
    add(.warning, value.position, key.isEmpty ? path : child(key), message)
  }

  func add(_ severity: Finding.Severity, _ position: TextPosition, _ path: String, _ message: String) {
    report.add(severity, file, origin ?? position, path, message)
  }

  static func name(_ value: JSONValue) -> String {
    switch value.kind {
    case .object: "an object"
    case .array: "a list"
    case .string: "\"\((value.string ?? "").prefix(40))\""
    case .number: String(decoding: value.slice.prefix(40), as: UTF8.self)
    case .true: "true"
    case .false: "false"
    case .null: "null"
    }
  }

  /// The member with a key, or nil; `null` counts as absent, as GIS programs write it.
  func member(_ key: String) -> JSONValue? {
    known.append(key)
    guard let member = value[key], !member.isNull else { return nil }
    return member
  }

  private func required(_ key: String, _ expected: String, _ isRequired: Bool) {
    if isRequired && value[key] == nil {
      add(.error, value.position, child(key), "\(expected) is required here")
    }
  }

  func string(_ key: String, required isRequired: Bool = false) -> String? {
    required(key, "text", isRequired)
    guard let member = member(key) else { return nil }
    guard let text = member.string else {
      error(at: member, key, "text in quotes was expected, \(Self.name(member)) was found")
      return nil
    }
    return text
  }

  /// An address of a page, without a slash at its end.
  func url(_ key: String, required isRequired: Bool = false) -> String? {
    guard let text = string(key, required: isRequired), let member = value[key] else { return nil }
    let rest = ["https://", "http://"].first { text.hasPrefix($0) }.map { text.dropFirst($0.count) } ?? ""
    guard !rest.isEmpty, rest.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"\"<>".utf8.contains($0) }) else {
      error(at: member, key, "an address such as \"https://example.org\" was expected, \(Self.name(member)) was found")
      return nil
    }
    return text.hasSuffix("/") ? String(text.dropLast()) : text
  }

  /// A day such as `2026-07-14`, which must be there.
  func day(_ key: String) -> CivilDay? {
    guard let text = string(key, required: true), let member = value[key] else { return nil }
    if let day = CivilDay(text) { return day }
    error(at: member, key, "a day such as \"2026-07-14\" was expected, \(Self.name(member)) was found")
    return nil
  }

  func integer(_ key: String, in range: ClosedRange<Int>, required isRequired: Bool = false) -> Int? {
    let expected = "a whole number from \(range.lowerBound) to \(range.upperBound)"
    required(key, expected, isRequired)
    guard let member = member(key) else { return nil }
    guard let number = member.integer, range.contains(number) else {
      error(at: member, key, "\(expected) was expected, \(Self.name(member)) was found")
      return nil
    }
    return number
  }

  /// A number such as `31.5`, to thousandths.
  func milli<Unit>(_ key: String, in range: ClosedRange<Int64>, required isRequired: Bool = false) -> Milli<Unit>? {
    let expected = "a number from \(range.lowerBound) to \(range.upperBound)"
    required(key, expected, isRequired)
    return member(key).flatMap { milli($0, child(key), in: range) }
  }

  /// Rising numbers, so many of them.
  func rising<Unit>(_ key: String, count: Int, in range: ClosedRange<Int64>) -> [Milli<Unit>]? {
    guard let member = member(key) else { return nil }
    let values: [Milli<Unit>] = list(key).compactMap { milli($0.value, $0.path, in: range) }
    guard values.count == count, zip(values, values.dropFirst()).allSatisfy({ $0 < $1 }) else {
      error(at: member, key, "\(count) rising numbers from \(range.lowerBound) to \(range.upperBound) were expected")
      return nil
    }
    return values
  }

  private func milli<Unit>(_ value: JSONValue, _ path: String, in range: ClosedRange<Int64>) -> Milli<Unit>? {
    if let number = value.numberText.flatMap({ ExactDecimal($0) })?.thousandths,
      range.lowerBound * 1000...range.upperBound * 1000 ~= number
    {
      return Milli(number)
    }
    add(
      .error, value.position, path,
      "a number from \(range.lowerBound) to \(range.upperBound) was expected, \(Self.name(value)) was found")
    return nil
  }

  func bool(_ key: String) -> Bool? {
    guard let member = member(key) else { return nil }
    guard let flag = member.bool else {
      error(at: member, key, "true or false was expected, \(Self.name(member)) was found")
      return nil
    }
    return flag
  }

  func choice<Choice: RawRepresentable & CaseIterable>(_ key: String, _: Choice.Type, required isRequired: Bool = false)
    -> Choice? where Choice.RawValue == String
  {
    let names = Choice.allCases.map(\.rawValue)
    required(key, "one of \(names.joined(separator: ", "))", isRequired)
    guard let member = member(key) else { return nil }
    guard let choice = member.string.flatMap(Choice.init(rawValue:)) else {
      let nearest = member.string.flatMap { Spelling.nearest(to: $0, among: names) }
      let hint = nearest.map { "; did you mean \"\($0)\"?" } ?? ""
      error(
        at: member, key, "one of \(names.joined(separator: ", ")) was expected, \(Self.name(member)) was found\(hint)")
      return nil
    }
    return choice
  }

  /// The identifier of something: it becomes a level of a topic and a part of a URL.
  func identifier(_ key: String) -> String? {
    guard let id = string(key, required: true), let member = value[key] else { return nil }
    let allowed = id.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
    guard allowed, !id.isEmpty, id.utf8.count <= 64 else {
      error(at: member, key, "1 to 64 of a-z, 0-9 and - were expected, \(Self.name(member)) was found")
      return nil
    }
    return id
  }

  func object(_ key: String, required isRequired: Bool = false) -> ObjectReader? {
    required(key, "an object in braces", isRequired)
    return member(key).map { ObjectReader($0, file: file, path: child(key), report: report, origin: origin) }
  }

  func list(_ key: String) -> [(path: String, value: JSONValue)] {
    guard let member = member(key) else { return [] }
    guard member.kind == .array else {
      error(at: member, key, "a list in brackets was expected, \(Self.name(member)) was found")
      return []
    }
    return member.elements.enumerated().map { ("\(child(key))[\($0)]", $1) }
  }

  func objects(_ key: String) -> [ObjectReader] {
    list(key).map { ObjectReader($0.value, file: file, path: $0.path, report: report, origin: origin) }
  }

  /// Reports the members that nobody asked for, as errors with the nearest known key.
  func finish() {
    for member in value.members where !known.contains(member.key) {
      let hint = Spelling.nearest(to: member.key, among: known).map { "did you mean \"\($0)\"?" }
      add(
        .error, member.position, child(member.key),
        "unknown key; \(hint ?? "known here: \(known.joined(separator: ", "))")")
    }
  }
}

/// Finds the name that somebody may have meant.
enum Spelling {
  /// The name at the smallest edit distance, if that is small for the length of the word.
  static func nearest(to word: String, among names: [String]) -> String? {
    let ranked = names.map { (distance(word, $0), $0) }.min { $0.0 < $1.0 }
    guard let (distance, name) = ranked, distance <= max(1, word.count / 3) else { return nil }
    return name
  }

  /// Damerau and Levenshtein's distance: letters changed, left out, added, or two neighbours exchanged.
  private static func distance(_ a: String, _ b: String) -> Int {
    let (a, b) = (Array(a), Array(b))
    var table = [[Int]](repeating: Array(0...b.count), count: a.count + 1)
    for i in a.indices {
      table[i + 1][0] = i + 1
      for j in b.indices {
        var best = min(table[i][j] + (a[i] == b[j] ? 0 : 1), table[i + 1][j] + 1, table[i][j + 1] + 1)
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, table[i - 1][j - 1] + 1) }
        table[i + 1][j + 1] = best
      }
    }
    return table[a.count][b.count]
  }
}
