// Hours as French registers write them, to OpenStreetMap's syntax: cells of weekdays, and the period in which they hold.

internal import Quantities

enum FrenchHours {
  /// What a register says of a weekday.
  enum Cell: Hashable {
    case nothing
    case closed
    /// Minutes of the day.
    case spans([ClosedRange<Int>])
    case prose(String)

    /// Whether nothing is published; that is not closed.
    var saysNothing: Bool { self == .nothing }

    /// A cell such as `9h - 12h / 14h - 18h`, `Fermé` or `-`.
    init(_ text: String?) {
      guard let text, !["-", "–", "—"].contains(text) else {
        self = .nothing
        return
      }
      if ["fermé", "ferme", "fermée"].contains(text.lowercased()) {
        self = .closed
        return
      }
      let spans = text.split(separator: "/").map(Self.span)
      self = spans.isEmpty || spans.contains(nil) ? .prose(text) : .spans(spans.compactMap { $0 })
    }

    private static func span(_ text: Substring) -> ClosedRange<Int>? {
      let parts = text.split { "-–—".contains($0) }
      guard parts.count == 2, let from = minutes(parts[0]), var to = minutes(parts[1]) else { return nil }
      if to == 23 * 60 + 59 { to = 24 * 60 }  // people write so what lasts until midnight
      return from < to ? from...to : nil
    }

    /// A time such as `9h`, `09h30`, `9H30` or `11:00`.
    private static func minutes(_ text: Substring) -> Int? {
      let letters = text.filter { !$0.isWhitespace }.lowercased()
      guard let mark = letters.firstIndex(where: { $0 == "h" || $0 == ":" }) else { return nil }
      let (hour, minute) = (letters[..<mark], letters[letters.index(after: mark)...])
      guard let hour = UInt8(hour), hour <= 24, minute.isEmpty || minute.count == 2 else { return nil }
      let minutes = minute.isEmpty ? 0 : UInt8(minute)
      guard let minutes, minutes < 60 else { return nil }
      return Int(hour) * 60 + Int(minutes)
    }

    /// As a part of a rule.
    fileprivate var rule: String {
      switch self {
      case .nothing: return "unknown"
      case .closed: return "off"
      case .prose(let text): return "unknown \"\(text.filter { $0 != "\"" })\""
      case .spans(let spans):
        return spans.map { "\(FrenchHours.time($0.lowerBound))-\(FrenchHours.time($0.upperBound))" }
          .joined(separator: ",")
      }
    }
  }

  private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
  private static func time(_ minutes: Int) -> String { "\(two(minutes / 60)):\(two(minutes % 60))" }
  private static let weekdays = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"]

  /// Whether all days are open around the clock.
  static func isAlwaysOpen(_ cells: [Cell]) -> Bool { cells.allSatisfy { $0 == .spans([0...1440]) } }

  /// Seven cells, Monday first, as rules; none if nothing is published of any.
  static func week(_ cells: [Cell]) -> [String] {
    if cells.allSatisfy(\.saysNothing) { return [] }
    var rules: [(cell: Cell, days: [Int])] = []
    for (day, cell) in cells.enumerated() {
      if let index = rules.firstIndex(where: { $0.cell == cell }) {
        rules[index].days.append(day)
      } else {
        rules.append((cell, [day]))
      }
    }
    return rules.map { "\(selector($0.days)) \($0.cell.rule)" }
  }

  /// `Mo-We,Fr` of some days.
  private static func selector(_ days: [Int]) -> String {
    var runs: [ClosedRange<Int>] = []
    for day in days {
      if let last = runs.last, last.upperBound + 1 == day {
        runs[runs.count - 1] = last.lowerBound...day
      } else {
        runs.append(day...day)
      }
    }
    return runs.map {
      $0.count == 1 ? weekdays[$0.lowerBound] : "\(weekdays[$0.lowerBound])-\(weekdays[$0.upperBound])"
    }.joined(separator: ",")
  }

  /// In which days hours hold, both included.
  struct Period: CustomStringConvertible {
    var from: CivilDay
    var to: CivilDay?

    var description: String { to.map { "from \(from.text) to \($0.text)" } ?? "from \(from.text) on" }

    private static let months = [
      "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
      "décembre",
    ]

    /// `du 01/05/26 au 31/08/26`, `Du 08 juillet au 20 août 2023`, `à partir du 01/02/26`; nil of anything else.
    init?(_ text: String) {
      let words = text.lowercased().split { $0.isWhitespace }.map(String.init)
      if words.first == "du", let au = words.firstIndex(of: "au") {
        guard let last = Self.day(words[(au + 1)...], year: nil) else { return nil }
        let year = last.components.year
        guard let first = Self.day(words[1..<au], year: year), first <= last else { return nil }
        (from, to) = (first, last)
      } else if ["à", "a"].contains(words.first), words.dropFirst().starts(with: ["partir", "du"]) {
        guard let first = Self.day(words[3...], year: nil) else { return nil }
        (from, to) = (first, nil)
      } else {
        return nil
      }
    }

    /// `31/08/26` or `20 août 2023`, and nothing behind it; a year that is not written is another day's.
    private static func day(_ words: ArraySlice<String>, year: Int?) -> CivilDay? {
      guard let first = words.first else { return nil }
      if words.count == 1 {
        let parts = first.split(separator: "/").compactMap { Int($0) }
        guard parts.count == 3, 0..<100 ~= parts[2] else { return nil }
        return CivilDay(year: 2000 + parts[2], month: parts[1], day: parts[0])
      }
      guard let day = Int(first), let month = months.firstIndex(of: words[words.startIndex + 1]) else { return nil }
      let written = words.count == 3 ? Int(words[words.startIndex + 2]) : words.count == 2 ? year : nil
      guard let written, 1900...2200 ~= written else { return nil }
      return CivilDay(year: written, month: month + 1, day: day)
    }

    /// Rules that hold in the period alone; before it nothing is known, and after it the timetable has expired.
    func applied(to week: [String]) -> String {
      func date(_ day: CivilDay) -> String {
        let (year, month, number) = day.components
        let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        return "\(year) \(names[month - 1]) \(FrenchHours.two(number))"
      }
      let before = "\(from.components.year - 1) Jan 01-\(date(from.adding(days: -1))) unknown"
      let range = to.map { "\(date(from))-\(date($0))" } ?? "\(date(from))+"
      let rules = week.map { $0 == "24/7" ? "\(range) 00:00-24:00" : "\(range) \($0)" }
      return ([before] + rules).joined(separator: "; ")
    }
  }
}
