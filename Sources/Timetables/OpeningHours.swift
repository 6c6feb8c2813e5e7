// OSM opening_hours, specification 0.7.2: what a value says, as rules. `OpeningHoursParser` reads them, `DayPlan` applies
// them to a day, `OpeningHours+Intervals` turns days into moments.

public import Quantities

/// A timetable that was understood.
///
/// - SeeAlso: <https://wiki.openstreetmap.org/wiki/Key:opening_hours/specification>
public struct OpeningHours: Hashable, Sendable {
  /// The text it was read from.
  public let text: String
  /// What was read, although it is written otherwise, and what may not be meant.
  public let warnings: [OpeningHoursProblem]
  let rules: [Rule]

  /// What holds at a moment.
  public enum State: String, CaseIterable, Hashable, Sendable { case open, closed, unknown }

  /// Reads a value.
  ///
  /// - Throws: ``OpeningHoursProblem`` with the column of what was not understood.
  public init(_ text: String) throws(OpeningHoursProblem) {
    var parser = OpeningHoursParser(text)
    rules = try parser.value()
    warnings = parser.warnings
    self.text = text
  }

  /// Whether a rule asks for school holidays, and so for a calendar of them.
  public var namesSchoolHolidays: Bool { rules.contains { $0.days?.holidays.contains { $0.isSchool } ?? false } }

  /// Whether a rule asks for the sun, and so for a position.
  public var namesSun: Bool { rules.contains { $0.times.contains { $0.start.isSun || $0.end?.isSun ?? false } } }

  /// The last day of which the timetable says that something may be open; nil if it goes on for ever, or never opens.
  ///
  /// What was published for one summer says nothing about the next: whoever shows it must not call the place closed.
  public var lastDay: CivilDay? {
    let opening = rules.filter { $0.state != .closed }
    let ends = opening.compactMap(\.lastDay)
    return ends.count == opening.count ? ends.max() : nil
  }

  /// Who decides about a day or an instant.
  enum Separator: Hashable, Sendable {
    /// `;`: the last one that matches a day owns it.
    case replacing
    /// `,`: adds to the day.
    case adding
    /// `||`: counts wherever the rules before it give closed.
    case fallback
  }

  struct Rule: Hashable, Sendable {
    var separator = Separator.replacing
    var years: [YearRange] = []
    var dates: [DateRange] = []
    var weeks: [WeekRange] = []
    var days: DaySelector?
    /// None: the whole day.
    var times: [TimeSpan] = []
    var state = State.open
    var comment: String?
  }

  struct YearRange: Hashable, Sendable {
    var from: Int
    /// The last year; `.max` for ever.
    var to: Int
    var step = 1

    func contains(_ year: Int) -> Bool { year >= from && year <= to && (year - from) % step == 0 }
  }

  /// ISO 8601 weeks; a range may pass over New Year.
  struct WeekRange: Hashable, Sendable {
    var from: Int
    var to: Int
    var step = 1

    func contains(_ week: Int) -> Bool {
      from <= to
        ? week >= from && week <= to && (week - from) % step == 0
        : (week >= from || week <= to) && (week - from + (week < from ? 53 : 0)) % step == 0
    }
  }

  /// A day of a year, or a month.
  struct DatePoint: Hashable, Sendable {
    enum Base: Hashable, Sendable {
      case month(Int)
      case day(month: Int, day: Int)
      case easter
      /// The n-th weekday of a month, from its end if n is negative.
      case weekday(Int, number: Int, month: Int)
    }
    var year: Int?
    var base: Base
    /// Days after it.
    var offset: Int64 = 0
  }

  struct DateRange: Hashable, Sendable {
    var from: DatePoint
    /// nil: only the beginning, or for ever if `isOpen`.
    var to: DatePoint?
    var isOpen = false
  }

  /// Weekdays and holidays of a rule.
  struct DaySelector: Hashable, Sendable {
    struct Weekdays: Hashable, Sendable {
      /// Bit 0 Monday to bit 6 Sunday.
      var days: UInt8
      /// Which ones of the month, from its end if negative; empty: all.
      var numbers: [Int] = []
      var offset: Int64 = 0
    }
    struct Holiday: Hashable, Sendable {
      var isSchool: Bool
      var offset: Int64 = 0
    }
    var weekdays: [Weekdays] = []
    var holidays: [Holiday] = []
    /// `PH Mo-Fr`: holidays that fall on those days; `Mo-Fr,PH`: those days, and holidays.
    var isIntersection = false
  }

  /// Minutes of the day, by the clock or by the sun.
  struct TimePoint: Hashable, Sendable {
    var event: SunEvent?
    /// Minutes since midnight, or after the event.
    var minutes: Int

    var isSun: Bool { event != nil }
  }

  struct TimeSpan: Hashable, Sendable {
    var start: TimePoint
    /// nil: an open end at once.
    var end: TimePoint?
    /// `+`: nobody knows how long after.
    var hasOpenEnd = false
  }
}

/// What the sun does.
public enum SunEvent: String, CaseIterable, Hashable, Sendable { case dawn, sunrise, sunset, dusk }

/// Why a timetable was not understood, or what was understood although it is written otherwise.
public struct OpeningHoursProblem: Error, Hashable, Sendable, CustomStringConvertible {
  /// Column, from 1, in characters.
  public let column: Int
  /// What was expected, or what was assumed.
  public let message: String

  /// Column and sentence.
  public var description: String { "column \(column): \(message)" }
}
