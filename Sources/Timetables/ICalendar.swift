// A calendar file (RFC 5545) to a programme: events, what repeats them, what moves them.

public import Quantities

/// Something in a calendar that could not be read, or was read otherwise than it is written.
public struct ICalendarProblem: Error, Hashable, Sendable, CustomStringConvertible {
  /// The line at which it stands, from 1.
  public let line: Int
  /// A sentence.
  public let reason: String

  /// A sentence for the person who keeps the calendar.
  public var description: String { "line \(line): \(reason)" }

  /// A reason whose line somebody else knows.
  struct Reason: Error {
    let text: String
    init(_ text: String) { self.text = text }
  }
}

extension Programme {
  /// Most events of a calendar.
  public static let maximumEvents = 1000
  /// Longest event in seconds: a month.
  static let longest = 31 * 86_400

  /// Reads a calendar.
  ///
  /// An event that cannot be understood is left out with a warning, never guessed. An event of the category `OPEN` or
  /// `OUVERT` opens its place; any other takes room, as much as `X-TONNELLE-ROOM` says, else all of it. Cancelled and
  /// transparent events do nothing. Times without a zone and those of the place's zone are the place's; those of another
  /// zone are not understood.
  ///
  /// - Parameters:
  ///   - text: the file.
  ///   - zone: the place's time zone.
  /// - Throws: ``ICalendarProblem`` if it is no calendar at all.
  public init(iCalendar text: [UInt8], zone: CivilZone) throws(ICalendarProblem) {
    self.init(events: [], warnings: [])
    let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let lines = ICalendarLine.lines(of: text.starts(with: byteOrderMark) ? Array(text.dropFirst(3)) : text)
    guard let first = lines.first, first.name == "BEGIN", first.value.uppercased() == "VCALENDAR" else {
      throw ICalendarProblem(line: 1, reason: "BEGIN:VCALENDAR was expected")
    }
    var components: [String] = []
    var event: [ICalendarLine] = []
    /// Events by what identifies them, so that a moved occurrence finds the one it belongs to.
    var places: [String: Int] = [:]
    var moved: [(uid: String, time: ICalendarTime, line: Int)] = []
    for line in lines {
      switch line.name {
      case "BEGIN":
        components.append(line.value.uppercased())
        if components.last == "VEVENT" { event = [] }
      case "END":
        guard let open = components.popLast(), open == line.value.uppercased() else {
          throw ICalendarProblem(line: line.number, reason: "END:\(line.value) ends nothing that has begun")
        }
        guard open == "VEVENT", components == ["VCALENDAR"] else { break }
        guard events.count < Self.maximumEvents else {
          throw ICalendarProblem(line: line.number, reason: "there are more than \(Self.maximumEvents) events")
        }
        do {
          let reader = EventReader(lines: event, zone: zone)
          let uid = reader.first("UID").map { String($0.value) } ?? ""
          let replaced = try reader.replacedTime()
          if let replaced { moved.append((uid, replaced, event.first?.number ?? line.number)) }
          if let read = try reader.event() {
            if replaced == nil && !uid.isEmpty { places[uid] = events.count }
            events.append(read)
          }
        } catch {
          let number = event.first?.number ?? line.number
          if EventReader(lines: event, zone: zone).opens {
            warnings.append(ICalendarProblem(line: number, reason: "event left out: \(error.text)"))
          } else {
            isWhole = false
            warnings.append(
              ICalendarProblem(
                line: number, reason: "event left out, how much room there is is not known: \(error.text)"))
          }
        }
      default:
        if components == ["VCALENDAR", "VEVENT"] { event.append(line) }
      }
    }
    if let open = components.last {
      throw ICalendarProblem(line: lines.last?.number ?? 1, reason: "END:\(open) is missing")
    }
    for (uid, time, line) in moved {
      guard let place = places[uid] else { continue }
      let own = time.by(utc: events[place].isUTC, zone)
      if own.secondOfDay == nil || own.secondOfDay == events[place].secondOfDay {
        events[place].exceptions.insert(own.day)
      } else {
        warnings.append(ICalendarProblem(line: line, reason: "RECURRENCE-ID names no occurrence of its event"))
      }
    }
    let slots = events.reduce(0) { $0 + Self.window + $1.length / 86_400 }
    guard slots <= Self.maximumSlots else {
      throw ICalendarProblem(
        line: 1, reason: "its events make up to \(slots) slots at a time, and at most \(Self.maximumSlots) are kept")
    }
  }
}

/// A content line, unfolded.
private struct ICalendarLine {
  var number: Int
  var name: String
  var parameters: [String: String] = [:]
  var value: Substring

  /// The lines of a file; a line that begins with a blank goes on from the one before.
  static func lines(of bytes: [UInt8]) -> [ICalendarLine] {
    var texts: [(number: Int, bytes: [UInt8])] = []
    for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
      let line = line.last == 0x0D ? line.dropLast() : line
      if let first = line.first, first == 0x20 || first == 0x09, let last = texts.indices.last {
        texts[last].bytes += line.dropFirst()
      } else if !line.isEmpty {
        texts.append((index + 1, Array(line)))
      }
    }
    return texts.compactMap { ICalendarLine(String(decoding: $0.bytes, as: UTF8.self), number: $0.number) }
  }

  /// A line such as `DTSTART;TZID=Europe/Paris:20260714T180000`; nil without a colon.
  private init?(_ text: String, number: Int) {
    var parts: [Substring] = []
    var start = text.startIndex
    var isQuoted = false
    var colon: String.Index?
    for index in text.indices {
      switch text[index] {
      case "\"": isQuoted.toggle()
      case ";" where !isQuoted:
        parts.append(text[start..<index])
        start = text.index(after: index)
      case ":" where !isQuoted: colon = index
      default: break
      }
      if colon != nil { break }
    }
    guard let colon else { return nil }
    parts.append(text[start..<colon])
    self.number = number
    name = parts[0].uppercased()
    for part in parts.dropFirst() {
      let pair = part.split(separator: "=", maxSplits: 1)
      if pair.count == 2 { parameters[pair[0].uppercased()] = pair[1].filter { $0 != "\"" } }
    }
    value = text[text.index(after: colon)...]
  }
}

/// A day, with a time or without.
private struct ICalendarTime {
  var day: CivilDay
  var secondOfDay: Int?
  var isUTC = false

  /// Its place on a time line on which every day has 24 hours.
  var instant: Instant { Instant(seconds: day.daysSinceEpoch * 86_400 + Int64(secondOfDay ?? 0)) }

  /// The same moment by the clock of UTC, or by that of a zone.
  func by(utc: Bool, _ zone: CivilZone) -> ICalendarTime {
    guard let secondOfDay, isUTC != utc else { return self }
    let civil = utc ? CivilZone.utc.civil(zone.instant(day, secondOfDay: secondOfDay)) : zone.civil(instant)
    return ICalendarTime(day: civil.day, secondOfDay: civil.secondOfDay, isUTC: utc)
  }
}

/// Reads the lines of one event.
private struct EventReader {
  let lines: [ICalendarLine]
  let zone: CivilZone

  func first(_ name: String) -> ICalendarLine? { lines.first { $0.name == name } }

  /// The occurrence that this event replaces; nil if it replaces none.
  func replacedTime() throws(ICalendarProblem.Reason) -> ICalendarTime? {
    guard let line = first("RECURRENCE-ID") else { return nil }
    guard line.parameters["RANGE"] == nil else { throw .init("RANGE is not understood") }
    return try time(line)
  }

  /// Whether it opens its place.
  var opens: Bool {
    lines.filter { $0.name == "CATEGORIES" }.flatMap { $0.value.split(separator: ",") }
      .contains { ["OPEN", "OUVERT"].contains($0.uppercased()) }
  }

  /// The event; nil if it does nothing to its place.
  func event() throws(ICalendarProblem.Reason) -> Programme.Event? {
    if first("STATUS")?.value.uppercased() == "CANCELLED" || first("TRANSP")?.value.uppercased() == "TRANSPARENT" {
      return nil
    }
    guard let line = first("DTSTART") else { throw .init("DTSTART is missing") }
    guard first("EXRULE") == nil else { throw .init("EXRULE is not understood") }
    let start = try time(line)
    guard start.day.daysSinceEpoch >= 0 else { throw .init("it begins before 1970") }
    var event = Programme.Event(
      day: start.day, secondOfDay: start.secondOfDay ?? 0, length: try length(from: start), isUTC: start.isUTC,
      effect: try effect())
    guard event.length > 0 else { throw .init("it ends before it begins, or at once") }
    guard event.length <= Programme.longest else { throw .init("it lasts longer than a month") }
    if let line = first("RRULE") {
      event.recurrence = try Recurrence(line.value) { text in
        guard let end = try? time(text) else { return nil }
        return end.isUTC ? .moment(end.instant) : .local(end.day, secondOfDay: end.secondOfDay ?? 86_399)
      }
    }
    for line in lines where line.name == "EXDATE" || line.name == "RDATE" {
      try checkZone(of: line)
      for text in line.value.split(separator: ",") {
        let other = try time(text).by(utc: start.isUTC, zone)
        let isSameTime = other.secondOfDay == nil || other.secondOfDay == start.secondOfDay
        if line.name == "RDATE" {
          guard isSameTime else { throw .init("RDATE at another time of day is not understood") }
          event.others.append(other.day)
        } else if isSameTime {
          event.exceptions.insert(other.day)
        }
      }
    }
    return event
  }

  private func effect() throws(ICalendarProblem.Reason) -> Programme.Effect {
    if opens { return .opens }
    guard let line = first("X-TONNELLE-ROOM") else { return .takes(nil) }
    guard let people = Int(line.value), 0...1_000_000 ~= people else {
      throw .init("X-TONNELLE-ROOM must be a number of people, not \"\(line.value)\"")
    }
    return .takes(people)
  }

  /// How long the event is by the clock on the wall.
  private func length(from start: ICalendarTime) throws(ICalendarProblem.Reason) -> Int {
    if let line = first("DTEND") {
      let end = try time(line)
      guard end.isUTC == start.isUTC else { throw .init("DTSTART and DTEND are not of the same kind") }
      return Int((end.instant - start.instant).seconds)
    }
    if let line = first("DURATION") {
      guard let seconds = Self.duration(line.value) else { throw .init("DURATION \"\(line.value)\" is not understood") }
      return seconds
    }
    return start.secondOfDay == nil ? 86_400 : 0
  }

  /// Seconds of a duration such as `P1DT2H` or `PT90M`.
  private static func duration(_ text: Substring) -> Int? {
    var seconds = 0
    var number = ""
    var isTime = false
    var units: Set<Character> = []
    guard text.first == "P" else { return nil }
    for letter in text.dropFirst() {
      if letter.isASCII && letter.isNumber && number.count < 6 {
        number.append(letter)
        continue
      }
      if letter == "T" && number.isEmpty {
        isTime = true
        continue
      }
      let unit: Int? =
        switch (letter, isTime) {
        case ("W", false): 604_800
        case ("D", false): 86_400
        case ("H", true): 3600
        case ("M", true): 60
        case ("S", true): 1
        default: nil
        }
      guard let unit, let count = Int(number), units.insert(isTime ? letter : Character(letter.lowercased())).inserted
      else { return nil }
      seconds += count * unit
      number = ""
    }
    return number.isEmpty ? seconds : nil
  }

  private func checkZone(of line: ICalendarLine) throws(ICalendarProblem.Reason) {
    guard let name = line.parameters["TZID"], name != zone.name else { return }
    // What Outlook calls the zone of Paris.
    if name == "Romance Standard Time" && zone.name == "Europe/Paris" { return }
    throw .init("\(line.name) is in the time zone \"\(name)\", and the place in \"\(zone.name)\"")
  }

  private func time(_ line: ICalendarLine) throws(ICalendarProblem.Reason) -> ICalendarTime {
    try checkZone(of: line)
    return try time(line.value)
  }

  /// A time such as `20260714`, `20260714T180000` or `20260714T160000Z`.
  private func time(_ text: Substring) throws(ICalendarProblem.Reason) -> ICalendarTime {
    func number(_ from: Int, _ length: Int) -> Int? {
      let digits = text.dropFirst(from).prefix(length)
      return digits.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(digits) : nil
    }
    let rest = text.dropFirst(8)
    guard let year = number(0, 4), let month = number(4, 2), let dayOfMonth = number(6, 2),
      let day = CivilDay(year: year, month: month, day: dayOfMonth)
    else { throw .init("\"\(text)\" is not a day") }
    if rest.isEmpty { return ICalendarTime(day: day) }
    guard rest.first == "T", rest.count == 7 || rest.count == 8 && rest.last == "Z", let hour = number(9, 2),
      let minute = number(11, 2), let second = number(13, 2), hour < 24, minute < 60, second <= 60
    else { throw .init("\"\(text)\" is not a time") }
    return ICalendarTime(day: day, secondOfDay: hour * 3600 + minute * 60 + second, isUTC: rest.last == "Z")
  }
}
