// The last 24 hours as drawings that can be read without seeing them: text stays text, a table stands behind.

public import Quantities

/// What is drawn of a moment.
public struct ChartSample: Sendable {
  /// The moment.
  public var at: Instant
  /// Air temperature.
  public var air: MilliCelsius?
  /// Felt temperature.
  public var felt: MilliCelsius?
  /// Air temperature in the street.
  public var reference: MilliCelsius?
  /// LAeq of 15 minutes.
  public var laeq: MilliDecibels?
  /// The peaks.
  public var l10: MilliDecibels?
  /// The background.
  public var l90: MilliDecibels?

  /// A moment.
  public init(
    at: Instant, air: MilliCelsius?, felt: MilliCelsius?, reference: MilliCelsius?, laeq: MilliDecibels?,
    l10: MilliDecibels?, l90: MilliDecibels?
  ) {
    self.at = at
    self.air = air
    self.felt = felt
    self.reference = reference
    self.laeq = laeq
    self.l10 = l10
    self.l90 = l90
  }
}

/// Drawings of a day: temperature against the street, and noise.
public struct DayChart: Sendable {
  private let samples: [ChartSample]
  private let words: Words

  /// A day.
  ///
  /// - Parameters:
  ///   - samples: oldest first, 15 minutes apart; gaps may lie between them.
  ///   - words: the reader's.
  public init(_ samples: [ChartSample], _ words: Words) {
    self.samples = samples
    self.words = words
  }

  private var language: Language { words.language }

  /// The drawings and the table; empty where nothing was measured.
  var html: String {
    let hasTemperature = samples.contains { $0.air != nil }
    let hasNoise = samples.contains { $0.laeq != nil }
    guard hasTemperature || hasNoise else { return "" }
    return """
      <h2>\(language("Les 24 dernières heures", "The last 24 hours"))</h2>
      \(hasTemperature ? temperature : "")
      \(hasNoise ? noise : "")
      <details><summary>\(language("Voir les chiffres", "Show the figures"))</summary>\(table(hasTemperature, hasNoise))</details>
      """
  }

  // MARK: The plane

  /// A plane of hours and values, 640 by 240.
  private struct Plane {
    static let (width, height) = (640.0, 240.0)
    static let (left, right, top, bottom) = (44.0, 204.0, 12.0, 28.0)
    let start: Int64
    let end: Int64
    let low: Double
    let high: Double

    func x(_ instant: Instant) -> Double {
      Self.left + Double(instant.milliseconds - start) / Double(end - start) * (Self.width - Self.left - Self.right)
    }

    func y(_ value: Double) -> Double {
      Self.top + (high - value) / (high - low) * (Self.height - Self.top - Self.bottom)
    }
  }

  private func plane(_ values: [Double], step: Double) -> Plane {
    let end = samples.last?.at ?? words.now
    let low = ((values.min() ?? 0) / step).rounded(.down) * step
    let high = max(low + step, ((values.max() ?? 0) / step).rounded(.up) * step)
    return Plane(start: (end - .days(1)).milliseconds, end: end.milliseconds, low: low, high: high)
  }

  static func text(_ value: Double) -> String {
    let tenths = Int64((value * 10).rounded())
    return "\(tenths / 10)" + (tenths % 10 == 0 ? "" : ".\(abs(tenths % 10))")
  }

  private static func point(_ x: Double, _ y: Double) -> String { "\(text(x)) \(text(y))" }

  /// Stretches without a gap: a sample is missing where the next one is more than half an hour away.
  private func stretches(_ value: (ChartSample) -> Double?) -> [[(at: Instant, value: Double)]] {
    var stretches: [[(at: Instant, value: Double)]] = []
    var last: Instant?
    for sample in samples {
      guard let value = value(sample) else {
        last = nil
        continue
      }
      if let last, sample.at - last <= .minutes(30) {
        stretches[stretches.count - 1].append((sample.at, value))
      } else {
        stretches.append([(sample.at, value)])
      }
      last = sample.at
    }
    return stretches
  }

  private func line(_ name: String, _ plane: Plane, _ value: (ChartSample) -> Double?) -> String {
    let paths = stretches(value).map { stretch in
      "M" + stretch.map { Self.point(plane.x($0.at), plane.y($0.value)) }.joined(separator: "L")
        // A single moment is a dot.
        + (stretch.count == 1 ? "h.1" : "")
    }
    return "<path class=\"\(name)\" d=\"\(paths.joined())\"/>"
  }

  /// The area between two values, where both are known.
  private func band(_ name: String, _ plane: Plane, _ low: (ChartSample) -> Double?, _ high: (ChartSample) -> Double?)
    -> String
  {
    let both = { (sample: ChartSample) -> Double? in low(sample) != nil ? high(sample) : nil }
    let lower = { (sample: ChartSample) -> Double? in high(sample) != nil ? low(sample) : nil }
    let paths = zip(stretches(both), stretches(lower)).map { upper, lower in
      "M" + (upper + lower.reversed()).map { Self.point(plane.x($0.at), plane.y($0.value)) }.joined(separator: "L")
        + "Z"
    }
    return "<path class=\"\(name)\" d=\"\(paths.joined())\"/>"
  }

  /// The night, lines at round values, round hours of local time.
  private func ground(_ plane: Plane, step: Double) -> String {
    var parts: [String] = []
    let right = Self.text(Plane.width - Plane.right)
    var instant = Instant(milliseconds: plane.start).floored(toMilliseconds: 3_600_000)
    while instant.milliseconds <= plane.end {
      let hour = words.zone.civil(instant).secondOfDay / 3600
      if instant.milliseconds >= plane.start {
        let x = plane.x(instant)
        if hour < 6 || hour >= 22 {
          let width = min(plane.x(instant + .hours(1)), Plane.width - Plane.right) - x
          parts.append(
            "<rect class=\"night\" x=\"\(Self.text(x))\" y=\"\(Self.text(Plane.top))\" width=\"\(Self.text(max(0, width)))\" height=\"\(Self.text(Plane.height - Plane.top - Plane.bottom))\"/>"
          )
        }
        if hour % 6 == 0 {
          let label = language(
            hour == 0 ? "0 h" : "\(hour) h",
            hour == 0 ? "12 am" : hour == 12 ? "12 pm" : hour < 12 ? "\(hour) am" : "\(hour - 12) pm")
          parts.append(
            "<text class=\"tick\" text-anchor=\"middle\" x=\"\(Self.text(x))\" y=\"\(Self.text(Plane.height - 8))\">\(label)</text>"
          )
        }
      }
      instant = instant + .hours(1)
    }
    for value in stride(from: plane.low, through: plane.high, by: step) {
      let y = Self.text(plane.y(value))
      parts.append("<path class=\"grid\" d=\"M\(Self.text(Plane.left)) \(y)H\(right)\"/>")
      parts.append(
        "<text class=\"tick\" text-anchor=\"end\" x=\"\(Self.text(Plane.left - 6))\" y=\"\(Self.text(plane.y(value) + 5))\">\(Self.text(value).replacing("-", with: "\u{2212}"))</text>"
      )
    }
    return parts.joined()
  }

  private func svg(_ title: String, _ description: String, _ id: String, _ body: String) -> String {
    """
    <figure><figcaption>\(escapeHTML(title))</figcaption><svg class="chart" viewBox="0 0 \(Self.text(Plane.width)) \(Self.text(Plane.height))" role="img" aria-labelledby="\(id)-title \(id)-text">\
    <title id="\(id)-title">\(escapeHTML(title))</title><desc id="\(id)-text">\(escapeHTML(description))</desc>\(body)</svg></figure>
    """
  }

  /// Labels at the ends of their lines, moved apart where they would overlap.
  private func labels(_ plane: Plane, _ ends: [(text: String, name: String, at: Instant, value: Double)]) -> String {
    var y = -Double.infinity
    return ends.sorted { $0.value > $1.value }.map { end in
      y = max(plane.y(end.value) + 5, y + 22)
      return
        "<text class=\"label \(end.name)\" x=\"\(Self.text(plane.x(end.at) + 6))\" y=\"\(Self.text(y))\">\(escapeHTML(end.text))</text>"
    }.joined()
  }

  // MARK: Drawings

  private static func degrees(_ value: MilliCelsius?) -> Double? { value.map { Double($0.rawValue) / 1000 } }
  private static func decibels(_ value: MilliDecibels?) -> Double? { value.map { Double($0.rawValue) / 1000 } }

  private static func isWarmer(_ sample: ChartSample) -> Bool {
    sample.air.flatMap { air in sample.reference.map { $0 < air } } ?? false
  }

  private var temperature: String {
    let values = samples.flatMap { [$0.air, $0.felt, $0.reference].compactMap { Self.degrees($0) } }
    let plane = plane(values, step: 5)
    let feltDiffers = samples.contains { $0.felt != nil && $0.felt != $0.air }
    var ends: [(String, String, Instant, Double)] = []
    func end(_ name: String, _ words: String, _ value: (ChartSample) -> MilliCelsius?) {
      guard let last = samples.last(where: { value($0) != nil }), let number = value(last) else { return }
      let text = "\(language.number(number, places: 1, unit: "°C")) \(words)"
      ends.append((text, name, last.at, Double(number.rawValue) / 1000))
    }
    end("own", language("ici", "here")) { $0.air }
    end("street", language("rue", "street")) { $0.reference }
    if feltDiffers { end("felt", language("ressenti", "felt")) { $0.felt } }
    let body =
      ground(plane, step: 5)
      + band("cooler", plane, { Self.isWarmer($0) ? nil : Self.degrees($0.air) }, { Self.degrees($0.reference) })
      + band("warmer", plane, { Self.isWarmer($0) ? Self.degrees($0.reference) : nil }, { Self.degrees($0.air) })
      + line("street", plane) { Self.degrees($0.reference) }
      + (feltDiffers ? line("felt", plane) { Self.degrees($0.felt) } : "")
      + line("own", plane) { Self.degrees($0.air) }
      + labels(plane, ends.map { (text: $0.0, name: $0.1, at: $0.2, value: $0.3) })
    return svg(
      language("Température de l'air en °C, ici et dans la rue", "Air temperature in °C, here and in the street"),
      temperatureSummary,
      "chart-t", body)
  }

  private var temperatureSummary: String {
    guard let low = samples.compactMap(\.air).min(), let high = samples.compactMap(\.air).max() else { return "" }
    let range = language(
      "Ici entre \(language.number(low, places: 1, unit: "°C")) et \(language.number(high, places: 1, unit: "°C")).",
      "Here between \(language.number(low, places: 1, unit: "°C")) and \(language.number(high, places: 1, unit: "°C"))."
    )
    let differences = samples.compactMap { sample in
      sample.air.flatMap { air in sample.reference.map { $0.rawValue - air.rawValue } }
    }
    guard let most = differences.max(), most >= 500 else { return range }
    let size = language.number(MilliCelsius(most), places: 1, unit: "°C")
    return range + " " + language("Jusqu'à \(size) de moins que la rue.", "Up to \(size) cooler than the street.")
  }

  private var noise: String {
    let values = samples.flatMap { [$0.laeq, $0.l10, $0.l90].compactMap { Self.decibels($0) } }
    let plane = plane(values, step: 10)
    var ends: [(text: String, name: String, at: Instant, value: Double)] = []
    if let last = samples.last(where: { $0.laeq != nil }), let level = last.laeq {
      ends.append((language.number(level, places: 0, unit: "dB(A)"), "own", last.at, Double(level.rawValue) / 1000))
    }
    let body =
      ground(plane, step: 10)
      + band("cooler", plane, { Self.decibels($0.l90) }, { Self.decibels($0.l10) })
      + line("own", plane) { Self.decibels($0.laeq) } + labels(plane, ends)
    let low = samples.compactMap(\.laeq).min() ?? MilliDecibels(0)
    let high = samples.compactMap(\.laeq).max() ?? MilliDecibels(0)
    return svg(
      language("Niveau sonore par quart d'heure en dB(A)", "Sound level by quarter hour in dB(A)"),
      language(
        "Entre \(language.number(low, places: 0, unit: "dB(A)")) et \(language.number(high, places: 0, unit: "dB(A)")) ; la bande va du fond sonore (L90) aux pointes (L10).",
        "Between \(language.number(low, places: 0, unit: "dB(A)")) and \(language.number(high, places: 0, unit: "dB(A)")); the band reaches from the background (L90) to the peaks (L10)."
      ), "chart-n", body)
  }

  // MARK: The table

  private func table(_ hasTemperature: Bool, _ hasNoise: Bool) -> String {
    let unknown = language("non mesuré", "not measured")
    var head = [language("Heure", "Time")]
    if hasTemperature { head += [language("Air", "Air"), language("Ressenti", "Felt"), language("Rue", "Street")] }
    if hasNoise { head += ["LAeq", "L10", "L90"] }
    let rows = samples.reversed().map { sample -> String in
      var cells: [String] = []
      if hasTemperature {
        cells += [sample.air, sample.felt, sample.reference].map {
          $0.map { language.number($0, places: 1, unit: "°C") } ?? unknown
        }
      }
      if hasNoise {
        cells += [sample.laeq, sample.l10, sample.l90].map {
          $0.map { language.number($0, places: 0, unit: "dB(A)") } ?? unknown
        }
      }
      let time = language.moment(sample.at, from: words.now, words.zone)
      return
        "<tr><th scope=\"row\">\(escapeHTML(time))</th>\(cells.map { "<td class=\"number\">\(escapeHTML($0))</td>" }.joined())</tr>"
    }
    let names = head.map { "<th scope=\"col\">\($0)</th>" }.joined()
    let caption = language("Ce qui a été publié, par quart d'heure", "What was published, by quarter hour")
    return """
      <div class="table" role="region" tabindex="0" aria-label="\(caption)"><table><caption>\(caption)</caption>
      <thead><tr>\(names)</tr></thead><tbody>\(rows.joined())</tbody></table></div>
      """
  }
}
