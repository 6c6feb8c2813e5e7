// tonnelle report: a season out of the history, for people as a page and for machines as tables.

internal import Configuration
internal import CoolIslands
internal import Gateway
internal import Glibc
internal import Pages
internal import Publication
internal import Quantities
internal import Reports
internal import Store

enum ReportCommand: Command {
  static let name = "report"
  static let summary = "Reports on a season from the history of a data folder; a gateway may be running on it."
  static let operands = ""
  static let options = [
    OptionSpec(name: "config", value: "FILE", help: "the gateway's settings"),
    OptionSpec(name: "from", value: "DAY", help: "the first civil day: 2026-06-01"),
    OptionSpec(name: "to", value: "DAY", help: "the last civil day, included: 2026-09-15"),
    OptionSpec(name: "place", value: "ID", help: "only these places: again for each, or with commas; all if none is"),
    OptionSpec(name: "works", value: "ID=DAY", help: "compare a place before and after a day; again for each place"),
    OptionSpec(name: "html", value: "FILE", help: "write the report as one page; to standard output if nothing is"),
    OptionSpec(
      name: "csv", value: "PATH",
      help: "write tables: a folder takes places, days, incidents and coverage.csv; x.csv also x-days.csv and so on"),
    OptionSpec(name: "lang", value: "fr|en", help: "the page's language; French if nothing is said"),
  ]

  static func run(_ arguments: Arguments) throws(CommandFailure) -> Int32 {
    try arguments.noOperands()
    let loaded = try LoadedConfiguration.load(try arguments.required("config"), quietly: true)
    let question = try self.question(arguments)
    let language = try arguments.choice("lang", Language.self) ?? .fr
    let folder = loaded.dataFolder
    let history: HistoryReader
    do {
      guard Files.exists(folder + "/journal.db") else {
        throw CommandFailure("there is no history in \(folder): has the gateway run with these settings?")
      }
      history = try HistoryReader(folder: folder)
    } catch let error as CommandFailure {
      throw error
    } catch {
      throw CommandFailure("\(error)")
    }
    let tables = try arguments["csv"].map { path throws(CommandFailure) in try Tables(path) }
    let stopped = Flag()
    let signals = Signals()
    for number in [SIGINT, SIGTERM] { signals.on(number) { stopped.raise() } }
    let report: SeasonReport
    do throws(ReportProblem) {
      report = try SeasonReport(
        of: loaded.configured.city, history: history, question: question, isStopped: { stopped.isRaised },
        progress: show, emit: { tables?.append($1, to: $0) ?? true })
    } catch {
      hideProgress()
      tables?.discard()
      switch error {
      case .stopped: throw CommandFailure(error.description, code: 128 + SIGINT)
      case .days, .unknownPlace, .works: throw CommandFailure(error.description, code: ExitCode.usage)
      case .notTaken: throw CommandFailure("the tables cannot be written: \(tables?.problem ?? "")")
      case .store: throw CommandFailure(error.description)
      }
    }
    hideProgress()
    let page = Array(report.page(language).printed(language).utf8)
    do throws(CommandFailure) {
      if let path = arguments["html"] {
        try Files.replace(path, with: page, isDurable: false)
      } else if tables == nil {
        Terminal.print(page)
      }
      try tables?.finish()
    } catch {
      tables?.discard()
      throw error
    }
    return ExitCode.done
  }

  private static func question(_ arguments: Arguments) throws(CommandFailure) -> SeasonQuestion {
    guard let first = try arguments.day("from"), let last = try arguments.day("to") else {
      throw CommandFailure("--from and --to are required", code: ExitCode.usage)
    }
    var question = SeasonQuestion(first: first, last: last, places: arguments.all("place"))
    for text in arguments.all("works") {
      let parts = text.split(separator: "=", omittingEmptySubsequences: false)
      guard parts.count == 2, let day = CivilDay(String(parts[1])) else {
        throw CommandFailure(
          "--works takes a place and a day such as parc=2026-07-01, not \"\(text)\"", code: ExitCode.usage)
      }
      question.works[String(parts[0])] = day
    }
    return question
  }

  private static func show(_ done: Int, _ all: Int) {
    guard Terminal.isWatched, done % 10 == 0 || done == all else { return }
    Terminal.error("\r\(done) of \(all) places\u{1B}[K")
  }

  private static func hideProgress() { if Terminal.isWatched { Terminal.error("\r\u{1B}[K") } }
}

/// The tables of a report as files: drafts until all of them are whole.
private final class Tables {
  private var files: [Sheet: (path: String, descriptor: Int32)] = [:]
  /// What the system said when a write failed.
  private(set) var problem: String?

  /// Begins the files.
  ///
  /// - Parameter path: a folder, made if there is none, or a file whose name ends in `.csv`.
  /// - Throws: ``CommandFailure``.
  init(_ path: String) throws(CommandFailure) {
    let isFile = path.hasSuffix(".csv")
    if !isFile { try Files.makeFolder(path) }
    for sheet in Sheet.allCases {
      let suffix = sheet == .places ? "" : "-\(sheet.rawValue)"
      let file = isFile ? "\(path.dropLast(4))\(suffix).csv" : "\(path)/\(sheet.rawValue).csv"
      let descriptor = unsafe open(file + ".new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
      guard descriptor >= 0 else {
        let reason = Files.reason()
        discard()
        throw CommandFailure("\(file) cannot be written: \(reason)")
      }
      files[sheet] = (file, descriptor)
    }
  }

  func append(_ bytes: [UInt8], to sheet: Sheet) -> Bool {
    guard let file = files[sheet], !Files.write(bytes, to: file.descriptor) else { return true }
    problem = Files.reason()
    return false
  }

  /// Puts the files in their places.
  ///
  /// - Throws: ``CommandFailure``.
  func finish() throws(CommandFailure) {
    for sheet in Sheet.allCases {
      guard let (path, descriptor) = files.removeValue(forKey: sheet) else { continue }
      close(descriptor)
      guard unsafe rename(path + ".new", path) == 0 else {
        let reason = Files.reason()
        Files.remove(path + ".new")
        throw CommandFailure("\(path) cannot be written: \(reason)")
      }
    }
  }

  /// Leaves nothing behind.
  func discard() {
    for (path, descriptor) in files.values {
      close(descriptor)
      Files.remove(path + ".new")
    }
    files = [:]
  }
}
