// tonnelle hours: what a timetable means, with which a city checks what it publishes.

internal import Configuration
internal import CoolIslands
internal import Gateway
internal import JSONText
internal import Publication
internal import Quantities
internal import Timetables

enum HoursCommand: Command {
  static let name = "hours"
  static let summary =
    "Reads opening hours: what holds and what comes next, or each interval of some days; - reads a value a line."
  static let operands = "[VALUE]"
  static let options = [
    OptionSpec(name: "at", value: "TIME", help: "look at a moment: 2026-07-18T22:00:00+02:00; now if nothing is said"),
    OptionSpec(name: "from", value: "DAY", help: "print each interval from a day on: 2026-07-18"),
    OptionSpec(name: "to", value: "DAY", help: "with --from: the last day, included; a week if nothing is said"),
    OptionSpec(name: "position", value: "LAT,LON", help: "where the sun is looked at: 48.86,2.35"),
    OptionSpec(name: "config", value: "FILE", help: "the city of these settings; else Europe/Paris, France's holidays"),
    OptionSpec(
      name: "place", value: "ID",
      help: "with --config: the sun and the school holidays of a place; its hours if no VALUE is given"),
    OptionSpec(name: "json", value: nil, help: "one JSON object a line: from, until, state, comment"),
  ]

  static func run(_ arguments: Arguments) throws(CommandFailure) -> Int32 {
    let (calendar, own) = try surroundings(arguments)
    guard arguments.operands.count <= 1, let text = arguments.operands.first ?? own else {
      throw CommandFailure("one VALUE is expected, in quotes: 'Mo-Fr 08:00-18:00; PH off'", code: ExitCode.usage)
    }
    let question = try Question(arguments)
    guard text == "-" else {
      do {
        answer(try OpeningHours(text), question, calendar)
        return ExitCode.done
      } catch {
        Terminal.error("\(text)\n\(String(repeating: " ", count: error.column - 1))^\n")
        throw CommandFailure("\(error)")
      }
    }
    var number = 0
    var unreadable = 0
    try Files.readLines("/dev/stdin") { line, bytes, _ throws(CommandFailure) in
      number += 1
      do throws(OpeningHoursProblem) {
        answer(try OpeningHours(String(decoding: bytes[line], as: UTF8.self)), question, calendar, line: number)
      } catch {
        unreadable += 1
        Terminal.error("\(number):\(error.column): \(error.message)\n")
      }
    }
    return unreadable == 0 ? ExitCode.done : ExitCode.failed
  }

  /// What is asked of each value.
  private struct Question {
    let at: Instant
    let days: ClosedRange<CivilDay>?
    let asJSON: Bool

    init(_ arguments: Arguments) throws(CommandFailure) {
      asJSON = arguments.has("json")
      at = try arguments.instant("at") ?? Timebase.wallClock()
      guard let first = try arguments.day("from") else {
        days = nil
        guard !arguments.has("to") else { throw CommandFailure("--to needs --from", code: ExitCode.usage) }
        return
      }
      let last = try arguments.day("to") ?? first.adding(days: 6)
      guard first <= last else { throw CommandFailure("--to lies before --from", code: ExitCode.usage) }
      guard last.daysSinceEpoch - first.daysSinceEpoch <= 366 * 30 else {
        throw CommandFailure("at most thirty years at once", code: ExitCode.usage)
      }
      days = first...last
    }
  }

  private static func answer(
    _ hours: OpeningHours, _ question: Question, _ calendar: HoursCalendar, line number: Int? = nil
  ) {
    let mark = number.map { "\($0): " } ?? ""
    for warning in hours.warnings { Terminal.error("\(mark)warning: \(warning)\n") }
    if hours.namesSun && calendar.position == nil {
      Terminal.error(
        "\(mark)warning: without a place the sun rises at 06:00 and sets at 18:00; --position says where\n")
    }
    if hours.namesSchoolHolidays && calendar.schoolHolidays == nil {
      Terminal.error("\(mark)warning: nobody has said when school holidays are; --config and --place do\n")
    }
    guard let days = question.days else {
      let status = hours.status(at: question.at, in: calendar)
      let line = Line(
        number: number, from: question.at, until: status.until, state: status.state, comment: status.comment)
      return show(line, calendar, question.asJSON)
    }
    let count = Int(days.upperBound.daysSinceEpoch - days.lowerBound.daysSinceEpoch) + 1
    let intervals = hours.intervals(from: days.lowerBound, days: count, in: calendar)
    for (index, interval) in intervals.enumerated() {
      // The last one goes on behind the days that were asked for.
      let until =
        index + 1 < intervals.count
        ? interval.until : hours.status(at: interval.until - .seconds(1), in: calendar).until
      let line = Line(
        number: number, from: interval.from, until: until, state: interval.state, comment: interval.comment)
      show(line, calendar, question.asJSON)
    }
  }

  /// What is printed as one line.
  private struct Line {
    /// Of the value, if several are read.
    let number: Int?
    let from: Instant
    /// nil: for ever, as far as the timetable says.
    let until: Instant?
    let state: OpeningHours.State
    let comment: String?
  }

  /// The surroundings that the options ask for, and the hours of the place that they name.
  private static func surroundings(_ arguments: Arguments) throws(CommandFailure) -> (HoursCalendar, own: String?) {
    var calendar: HoursCalendar
    var own: String?
    if let path = arguments["config"] {
      let city = try LoadedConfiguration.load(path, quietly: true).configured.city
      calendar = HoursCalendar(zone: city.zone, publicHolidays: city.holidays)
      if let id = arguments["place"] {
        guard let index = city.places.firstIndex(where: { $0.about.id == id }) else {
          throw CommandFailure("there is no place \"\(id)\"", code: ExitCode.usage)
        }
        calendar = city.calendar(of: index)
        own = city.places[index].about.openingHours
      }
    } else {
      guard !arguments.has("place") else { throw CommandFailure("--place needs --config", code: ExitCode.usage) }
      calendar = HoursCalendar(zone: try paris(), publicHolidays: PublicHolidays(.france))
    }
    if let text = arguments["position"] {
      let parts = text.split(separator: ",").compactMap { Double($0) }
      guard parts.count == 2, (-90...90).contains(parts[0]), (-180...180).contains(parts[1]) else {
        throw CommandFailure("--position takes LAT,LON such as 48.86,2.35, not \"\(text)\"", code: ExitCode.usage)
      }
      calendar.position = .init(latitude: parts[0], longitude: parts[1])
    }
    return (calendar, own)
  }

  private static func paris() throws(CommandFailure) -> CivilZone {
    let (name, folder) = ("Europe/Paris", TimeZoneFile.folder)
    guard let bytes = Files.read("\(folder)/\(name)"), let zone = try? TimeZoneFile.zone(bytes, name: name) else {
      throw CommandFailure("\(folder)/\(name) cannot be read: is tzdata installed?")
    }
    return zone
  }

  private static func show(_ line: Line, _ calendar: HoursCalendar, _ asJSON: Bool) {
    let (from, until) = (calendar.zone.text(line.from), line.until.map(calendar.zone.text))
    guard asJSON else {
      let comment = line.comment.map { ", \"\($0)\"" } ?? ""
      let number = line.number.map { "\($0): " } ?? ""
      return Terminal.print(
        "\(number)\(from)  \(line.state.rawValue)\(comment), \(until.map { "until \($0)" } ?? "for ever")\n")
    }
    var json = JSONWriter()
    json.object { json in
      if let number = line.number { json.member("line", number) }
      json.member("from", from)
      json.member(ifPresent: "until", until)
      json.member("state", line.state.rawValue)
      json.member(ifPresent: "comment", line.comment)
    }
    json.newline()
    Terminal.print(json.bytes)
  }
}
