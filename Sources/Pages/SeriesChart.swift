// A series of readings as a drawing: the mean as a line, the range as a band, gaps as gaps; and hours by days.

public import Quantities

/// What is known of a quarter of an hour, in thousandths of the unit.
public struct SeriesPoint: Hashable, Sendable {
  /// Its beginning.
  public var at: Instant
  /// Mean, lowest, highest.
  public var mean: Int64
  /// The lowest.
  public var low: Int64
  /// The highest.
  public var high: Int64

  /// A point.
  public init(at: Instant, mean: Int64, low: Int64, high: Int64) {
    self.at = at
    self.mean = mean
    self.low = low
    self.high = high
  }
}

/// One series of the last day.
public struct SeriesChart: Sendable {
  private let name: String
  private let unit: String
  private let points: [SeriesPoint]
  private let end: Instant
  private let words: Words
  private static let (width, height, left, right, top, bottom) = (640.0, 180.0, 56.0, 96.0, 12.0, 28.0)
  private static let quarter: Int64 = 900_000

  /// A drawing.
  ///
  /// - Parameters:
  ///   - name: what is measured by whom.
  ///   - unit: of the values.
  ///   - points: quarter hours in order; those without readings are missing.
  ///   - end: where the drawing ends, a day after its beginning.
  ///   - words: the reader's.
  public init(name: String, unit: String, points: [SeriesPoint], end: Instant, words: Words) {
    self.name = name
    self.unit = unit
    self.points = points.filter { $0.at > end - .days(1) && $0.at <= end }
    self.end = end
    self.words = words
  }

  /// The drawing; a sentence where there is nothing to draw.
  public var html: String {
    let language = words.language
    guard let last = points.last, let low = points.map(\.low).min(), let high = points.map(\.high).max() else {
      return
        "<p>\(escapeHTML(name))\(language(" : ", ": "))\(language("rien de mesuré depuis un jour", "nothing measured for a day")).</p>"
    }
    /// The whole unit at or below a value.
    func whole(_ value: Int64) -> Int64 { (value >= 0 ? value : value - 999) / 1000 * 1000 }
    let bottom = whole(low)
    let top = whole(high) + 1000
    func x(_ at: Instant) -> String {
      let share = Double((at - (end - .days(1))).milliseconds) / 86_400_000
      return DayChart.text(Self.left + share * (Self.width - Self.left - Self.right))
    }
    func y(_ value: Int64) -> String {
      let share = Double(top - value) / Double(top - bottom)
      return DayChart.text(Self.top + share * (Self.height - Self.top - Self.bottom))
    }
    let stretches = Self.stretches(points)
    let bands = stretches.map { stretch in
      let there = stretch.map { "\(x($0.at)) \(y($0.high))" }
      let back = stretch.reversed().map { "\(x($0.at)) \(y($0.low))" }
      return "<path class=\"cooler\" d=\"M\((there + back).joined(separator: "L"))Z\"/>"
    }
    let lines = stretches.map { stretch in
      stretch.count == 1
        ? "<circle cx=\"\(x(stretch[0].at))\" cy=\"\(y(stretch[0].mean))\" r=\"2\" class=\"good\"/>"
        : "<path class=\"own\" d=\"M\(stretch.map { "\(x($0.at)) \(y($0.mean))" }.joined(separator: "L"))\"/>"
    }
    let axis = [bottom, top].map { (value: Int64) -> String in
      "<text x=\"\(DayChart.text(Self.left - 8))\" y=\"\(y(value))\" text-anchor=\"end\">\(value / 1000)</text>"
    }
    // Round hours of local time, whatever the moment at which the drawing ends.
    let first = (end - .days(1)).floored(toMilliseconds: 3_600_000)
    let round = (1...24).map { first + .hours($0) }.filter { words.zone.civil($0).minuteOfDay % 360 == 0 }
    let hours = round.map { at in

      "<text x=\"\(x(at))\" y=\"\(DayChart.text(Self.height - 6))\" text-anchor=\"middle\">\(escapeHTML(language.time(at, words.zone)))</text>"
    }
    let value = Milli<Never>(last.mean).text(places: 1, separator: language == .fr ? "," : ".")
    let gaps = stretches.count - 1
    let text = language(
      "\(name) : de \(bottom / 1000) à \(top / 1000) \(unit) en un jour, \(value) à la fin"
        + (gaps > 0 ? ", \(gaps) interruption\(gaps > 1 ? "s" : "")" : ""),
      "\(name): from \(bottom / 1000) to \(top / 1000) \(unit) within a day, \(value) at the end"
        + (gaps > 0 ? ", \(gaps) gap\(gaps > 1 ? "s" : "")" : ""))
    return """
      <figure><svg class="chart" viewBox="0 0 640 180" role="img" aria-label="\(escapeHTML(text))">\
      \(bands.joined())\(lines.joined())\(axis.joined())\(hours.joined())\
      <text class="label own" x="\(DayChart.text(Self.width - Self.right + 8))" y="\(y(last.mean))">\(value) \(escapeHTML(unit))</text></svg>
      <figcaption>\(escapeHTML(text))</figcaption></figure>
      """
  }

  /// Stretches without a gap.
  private static func stretches(_ points: [SeriesPoint]) -> [[SeriesPoint]] {
    var stretches: [[SeriesPoint]] = []
    // Some sensors speak every half hour: a gap is what is longer than usual.
    let steps = zip(points, points.dropFirst()).map { ($1.at - $0.at).milliseconds }.sorted()
    let usual = max(quarter, steps.isEmpty ? 0 : steps[steps.count / 2])
    for point in points {
      if let last = stretches.last?.last, (point.at - last.at).milliseconds <= usual {
        stretches[stretches.count - 1].append(point)
      } else {
        stretches.append([point])
      }
    }
    return stretches
  }
}

/// Mean temperatures of the hours of some days: one square an hour, one row a day.
public struct HourSquares: Sendable {
  private let days: [(day: CivilDay, hours: [MilliCelsius?])]
  private let words: Words

  /// A grid.
  ///
  /// - Parameters:
  ///   - days: the days in order, each with its hours of local time; nil where nothing was measured.
  ///   - words: the reader's.
  public init(_ days: [(day: CivilDay, hours: [MilliCelsius?])], words: Words) {
    self.days = days
    self.words = words
  }

  /// The drawing; empty where nothing was measured.
  public var html: String {
    let language = words.language
    let values = days.flatMap { $0.hours.compactMap { $0 } }
    guard let low = values.min(), let high = values.max(), !days.isEmpty else { return "" }
    let span = max(1, high.rawValue - low.rawValue)
    var marks: [String] = []
    for (row, (day, hours)) in days.enumerated() {
      marks.append(
        "<text x=\"64\" y=\"\(row * 20 + 16)\" text-anchor=\"end\">\(day.components.day)/\(day.components.month)</text>"
      )
      for (hour, value) in hours.prefix(24).enumerated() {
        guard let value else { continue }
        // Five shades: more cannot be told apart, and what is left empty was not measured.
        let shade = min(4, (value.rawValue - low.rawValue) * 5 / span)
        let text = "\(hour) h" + language(" : ", ": ") + language.number(value, places: 1, unit: "°C")
        marks.append(
          "<rect class=\"shade-\(shade)\" x=\"\(72 + hour * 22)\" y=\"\(row * 20)\" width=\"21\" height=\"19\"><title>\(text)</title></rect>"
        )
      }
    }
    let bottom = days.count * 20 + 16
    for hour in stride(from: 0, through: 18, by: 6) {
      marks.append("<text x=\"\(72 + hour * 22)\" y=\"\(bottom)\">\(hour) h</text>")
    }
    let text = language(
      "Température de chaque heure, de \(language.number(low, places: 1, unit: "°C")) (clair) à \(language.number(high, places: 1, unit: "°C")) (foncé) ; vide : non mesuré",
      "Temperature of each hour, from \(language.number(low, places: 1, unit: "°C")) (light) to \(language.number(high, places: 1, unit: "°C")) (dark); empty: not measured"
    )
    return """
      <figure><svg class="chart" viewBox="0 0 640 \(bottom + 8)" role="img" aria-label="\(escapeHTML(text))">\(marks.joined())</svg>
      <figcaption>\(escapeHTML(text))</figcaption></figure>
      """
  }
}
