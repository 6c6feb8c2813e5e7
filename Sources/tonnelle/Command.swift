// What a command is, and how its words are read: getopt_long, as everywhere on this system.

internal import CLibc
internal import Glibc
internal import Quantities

/// Exit codes.
enum ExitCode {
  static let done: Int32 = 0
  static let failed: Int32 = 1
  static let usage: Int32 = 2
}

/// Why a command ends early, in a sentence for the one who typed it.
struct CommandFailure: Error {
  let message: String
  let code: Int32

  init(_ message: String, code: Int32 = ExitCode.failed) {
    self.message = message
    self.code = code
  }
}

/// A command of the program.
protocol Command {
  static var name: String { get }
  static var summary: String { get }
  /// What stands behind the options, such as `TRACE`.
  static var operands: String { get }
  static var options: [OptionSpec] { get }
  static func run(_ arguments: Arguments) throws(CommandFailure) -> Int32
}

/// An option of a command.
struct OptionSpec {
  let name: String
  /// The name of its value; nil for a flag.
  let value: String?
  let help: String
}

/// The words of a command, sorted.
struct Arguments {
  private(set) var operands: [String] = []
  private var values: [String: String] = [:]
  /// All values of an option that may come again.
  private var lists: [String: [String]] = [:]

  /// Reads the words behind a command's name; prints the help and returns nil when that is asked for.
  init?(_ command: any Command.Type, _ words: [String]) throws(CommandFailure) {
    let specs = command.options + [OptionSpec(name: "help", value: nil, help: "print this text")]
    // getopt_long moves pointers to our copies of the words about; they are freed when all has been read.
    var vector = unsafe ([command.name] + words).map { unsafe strdup($0) }
    let names = unsafe specs.map { unsafe strdup($0.name) }
    defer { unsafe (vector + names).forEach { unsafe free($0) } }
    var table = unsafe zip(specs, names).map { spec, name in
      unsafe option(
        name: UnsafePointer(name), has_arg: spec.value == nil ? no_argument : required_argument, flag: nil, val: 0)
    }
    unsafe table.append(option())
    var place: Int32 = 1
    while true {
      var index: Int32 = 0
      var value: UnsafePointer<CChar>?
      let code = unsafe clibc_getopt_step(Int32(vector.count), &vector, &table, &place, &index, &value)
      if code == -1 { break }
      guard code == 0 else {
        let word = unsafe vector[Int(place) - 1].map { unsafe String(cString: $0) } ?? ""
        let reason = code == 0x3A ? "needs a value" : "is not known here"
        throw CommandFailure(
          "\(word) \(reason); tonnelle \(command.name) --help lists the options", code: ExitCode.usage)
      }
      let text = unsafe value.map { unsafe String(cString: $0) } ?? ""
      values[specs[Int(index)].name] = text
      lists[specs[Int(index)].name, default: []] += text.split(separator: ",").map(String.init)
    }
    operands = unsafe vector.dropFirst(Int(place)).compactMap { unsafe $0.map { unsafe String(cString: $0) } }
    if values["help"] != nil {
      Terminal.print(Self.help(command, specs))
      return nil
    }
  }

  private static func help(_ command: any Command.Type, _ specs: [OptionSpec]) -> String {
    let left = specs.map { "--" + $0.name + ($0.value.map { " " + $0 } ?? "") }
    let width = left.map(\.count).max() ?? 0
    let lines = zip(left, specs).map { "  \($0.padding(to: width))  \($1.help)" }
    let operands = command.operands.isEmpty ? "" : " " + command.operands
    return
      "\(command.summary)\n\nusage: tonnelle \(command.name)\(operands) [OPTION…]\n\n\(lines.joined(separator: "\n"))\n"
  }

  subscript(name: String) -> String? { values[name] }

  /// All values of an option that may come again, also those that commas part.
  func all(_ name: String) -> [String] { lists[name] ?? [] }

  func has(_ name: String) -> Bool { values[name] != nil }

  func required(_ name: String) throws(CommandFailure) -> String {
    guard let value = values[name] else { throw CommandFailure("--\(name) is required", code: ExitCode.usage) }
    return value
  }

  func integer(_ name: String, in range: ClosedRange<Int>) throws(CommandFailure) -> Int? {
    guard let text = values[name] else { return nil }
    guard let number = Int(text), range.contains(number) else {
      throw CommandFailure(
        "--\(name) takes a whole number from \(range.lowerBound) to \(range.upperBound), not \"\(text)\"",
        code: ExitCode.usage)
    }
    return number
  }

  func choice<Choice: RawRepresentable & CaseIterable>(
    _ name: String, _: Choice.Type
  ) throws(CommandFailure) -> Choice? where Choice.RawValue == String {
    guard let text = values[name] else { return nil }
    if let choice = Choice(rawValue: text) { return choice }
    let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
    throw CommandFailure("--\(name) takes one of \(names), not \"\(text)\"", code: ExitCode.usage)
  }

  func instant(_ name: String) throws(CommandFailure) -> Instant? {
    guard let text = values[name] else { return nil }
    guard let instant = Instant(rfc3339: text) else {
      throw CommandFailure(
        "--\(name) takes a time such as 2026-07-18T22:00:00+02:00, not \"\(text)\"", code: ExitCode.usage)
    }
    return instant
  }

  func day(_ name: String) throws(CommandFailure) -> CivilDay? {
    guard let text = values[name] else { return nil }
    guard let day = CivilDay(text) else {
      throw CommandFailure("--\(name) takes a day such as 2026-07-18, not \"\(text)\"", code: ExitCode.usage)
    }
    return day
  }

  func noOperands() throws(CommandFailure) {
    if let word = operands.first { throw CommandFailure("\"\(word)\" is one word too many", code: ExitCode.usage) }
  }
}

/// Standard output and standard error.
enum Terminal {
  static func print(_ text: String) { print(Array(text.utf8)) }
  static func print(_ bytes: [UInt8]) { _ = Files.write(bytes, to: 1) }
  static func error(_ text: String) { _ = Files.write(Array(text.utf8), to: 2) }

  /// Whether somebody looks at standard error.
  static var isWatched: Bool { isatty(2) == 1 }
}

extension String {
  func padding(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
