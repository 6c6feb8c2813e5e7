// The days of a season as one drawing: from the coolest to the warmest moment of each, against two thresholds.

public import Quantities

/// A drawing of the days of a season.
public struct SeasonChart: Sendable {
  /// A day.
  public struct Day: Sendable {
    var day: CivilDay
    var low: MilliCelsius?
    var high: MilliCelsius?
    var isHot: Bool

    /// A day.
    ///
    /// - Parameters:
    ///   - day: the day.
    ///   - low: its lowest temperature, if it is known.
    ///   - high: its highest temperature, if it is known.
    ///   - isHot: whether it belongs to an episode of heat.
    public init(day: CivilDay, low: MilliCelsius?, high: MilliCelsius?, isHot: Bool) {
      (self.day, self.low, self.high, self.isHot) = (day, low, high, isHot)
    }
  }

  private let days: [Day]
  private let thresholds: [MilliCelsius]
  private let title: String
  private let text: String
  private let language: Language

  /// A drawing.
  ///
  /// - Parameters:
  ///   - days: in order, without a gap.
  ///   - thresholds: lines that are drawn across.
  ///   - title: its caption.
  ///   - text: what it shows, for those who do not see it.
  ///   - language: the reader's.
  public init(_ days: [Day], thresholds: [MilliCelsius], title: String, text: String, language: Language) {
    (self.days, self.thresholds, self.title, self.text, self.language) = (days, thresholds, title, text, language)
  }

  private static let (width, height) = (640.0, 240.0)
  private static let (left, right, top, bottom) = (44.0, 12.0, 12.0, 28.0)

  /// The drawing; empty where nothing is known.
  var html: String {
    let values = days.flatMap { [$0.low, $0.high].compactMap { $0?.units } }
    guard let least = values.min(), let most = values.max() else { return "" }
    let lines = thresholds.map(\.units)
    let low = (min(least, lines.min() ?? least) / 5).rounded(.down) * 5
    let high = max(low + 5, (max(most, lines.max() ?? most) / 5).rounded(.up) * 5)
    let step = (Self.width - Self.left - Self.right) / Double(max(1, days.count))
    func y(_ value: Double) -> Double {
      Self.top + (high - value) / (high - low) * (Self.height - Self.top - Self.bottom)
    }
    let text = DayChart.text
    var parts: [String] = []
    for value in stride(from: low, through: high, by: 5) {
      parts.append(
        "<path class=\"grid\" d=\"M\(text(Self.left)) \(text(y(value)))H\(text(Self.width - Self.right))\"/>")
      parts.append(
        "<text class=\"tick\" text-anchor=\"end\" x=\"\(text(Self.left - 6))\" y=\"\(text(y(value) + 5))\">\(text(value))</text>"
      )
    }
    let hasMonths = days.contains { $0.day.components.day == 1 }
    for (number, day) in days.enumerated() {
      let x = Self.left + (Double(number) + 0.5) * step
      if hasMonths ? day.day.components.day == 1 : number == 0 {
        parts.append(
          "<text class=\"tick\" x=\"\(text(x))\" y=\"\(text(Self.height - 8))\">\(language.date(day.day))</text>")
      }
      guard let low = day.low, let high = day.high else { continue }
      parts.append(
        "<path class=\"\(day.isHot ? "hot" : "day")\" d=\"M\(text(x)) \(text(y(low.units)))V\(text(y(high.units)))\"/>")
    }
    for line in lines {
      parts.append(
        "<path class=\"limit\" d=\"M\(text(Self.left)) \(text(y(line)))H\(text(Self.width - Self.right))\"/>")
    }
    return """
      <figure><figcaption>\(escapeHTML(title))</figcaption><svg class="chart season" viewBox="0 0 \(text(Self.width)) \(text(Self.height))" role="img" aria-labelledby="season-title season-text" style="--bar:\(text(max(0.5, step * 0.6)))px">\
      <title id="season-title">\(escapeHTML(title))</title><desc id="season-text">\(escapeHTML(self.text))</desc>\(parts.joined())</svg></figure>
      """
  }
}
