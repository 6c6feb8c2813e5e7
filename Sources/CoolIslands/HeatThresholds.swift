// From which night and day temperatures on three days in a row are dangerous, département by département.

public import Quantities

/// What the means of three nights' minima and three days' maxima must both reach.
public struct HeatThresholds: Hashable, Sendable {
  /// Mean of the minima.
  public var minimum: MilliCelsius
  /// Mean of the maxima.
  public var maximum: MilliCelsius
  /// Since when they have held, or as of when they were looked up.
  public var validFrom: CivilDay
  /// Who says so.
  public var source: String

  /// Thresholds.
  public init(minimum: MilliCelsius, maximum: MilliCelsius, validFrom: CivilDay, source: String) {
    self.minimum = minimum
    self.maximum = maximum
    self.validFrom = validFrom
    self.source = source
  }

  /// The thresholds of a département of mainland France; nil for others, which have none.
  ///
  /// - Parameter departement: its number, such as `69` or `2A`.
  public init?(departement: String) {
    guard let pair = Self.table[departement] else { return nil }
    self = pair
  }

  // colinlenoble/Climate_vs_meteo, data/seuils_canicules.csv; 84 by the département's announcements (21/36, where that
  // file prints 26/31). They are revised: settings may replace them.
  private static let list = """
    01 20/35  02 18/33  03 18/34  04 19/36  05 18/34  06 24/31  07 20/35  08 18/33  09 19/34  10 18/35
    11 22/35  12 19/36  13 24/35  14 18/31  15 18/32  16 20/36  17 20/35  18 19/35  19 19/36  2A 23/33
    2B 23/33  21 19/34  22 18/31  23 20/34  24 20/36  25 19/33  26 21/36  27 19/34  28 18/34  29 19/32
    30 23/36  31 21/36  32 20/36  33 21/35  34 22/35  35 19/34  36 19/35  37 19/35  38 19/34  39 20/34
    40 20/35  41 19/35  42 19/35  43 17/33  44 20/34  45 19/34  46 20/36  47 20/36  48 18/33  49 19/34
    50 18/31  51 18/34  52 19/34  53 19/34  54 18/34  55 18/34  56 19/32  57 19/34  58 19/34  59 18/33
    60 18/34  61 18/34  62 18/33  63 19/34  64 20/34  65 19/34  66 23/35  67 19/34  68 19/35  69 20/34
    70 18/34  71 20/34  72 20/35  73 19/34  74 19/34  75 21/31  76 19/33  77 18/34  78 20/33  79 20/35
    80 18/33  81 21/36  82 21/36  83 23/35  84 21/36  85 20/34  86 19/35  87 20/34  88 18/34  89 19/35
    90 18/33  91 20/35  92 21/31  93 21/31  94 21/31  95 20/35
    """

  private static let table: [String: HeatThresholds] = {
    let words = list.split { $0.isWhitespace }
    let asOf = CivilDay("2025-06-01") ?? CivilDay(daysSinceEpoch: 0)
    var table: [String: HeatThresholds] = [:]
    for (departement, pair) in zip(words, words.dropFirst()) {
      let values = pair.split(separator: "/").compactMap { Int64($0) }
      guard values.count == 2 else { continue }
      table[String(departement)] = HeatThresholds(
        minimum: MilliCelsius(values[0] * 1000), maximum: MilliCelsius(values[1] * 1000), validFrom: asOf,
        source: "colinlenoble/Climate_vs_meteo, seuils_canicules.csv")
    }
    return table
  }()
}
