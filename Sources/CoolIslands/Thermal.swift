// Felt temperature: the US National Weather Service's Heat Index, with both adjustments.

public import Quantities

internal import Glibc

/// Formulas of heat as people feel it.
public enum Thermal {
  /// The Heat Index of shade and light wind.
  ///
  /// Source: Rothfusz, NWS Technical Attachment SR 90-23, with the two adjustments of the NWS Weather Prediction
  /// Center's "The Heat Index Equation"; below 80 °F the simple formula averaged with the temperature, as its text says.
  ///
  /// - Parameters:
  ///   - air: air temperature, −40 to 60 °C.
  ///   - humidity: relative humidity, 0 to 100 %.
  /// - Returns: the felt temperature; 35 °C at 50 % feel like 40.675 °C.
  public static func heatIndex(air: MilliCelsius, humidity: MilliPercent) -> MilliCelsius {
    let t = air.units * 9 / 5 + 32
    let r = humidity.units
    let simple = 0.5 * (t + 61 + 1.2 * (t - 68) + 0.094 * r)
    let average = (simple + t) / 2
    guard average >= 80 else { return MilliCelsius(rounding: (average - 32) * 5 / 9) }
    var h = -42.379 + 2.04901523 * t + 10.14333127 * r - 0.22475541 * t * r
    h += -0.00683783 * t * t - 0.05481717 * r * r + 0.00122874 * t * t * r
    h += 0.00085282 * t * r * r - 0.00000199 * t * t * r * r
    if r < 13, (80...112).contains(t) {
      h -= ((13 - r) / 4) * ((17 - abs(t - 95)) / 17).squareRoot()
    } else if r > 85, (80...87).contains(t) {
      h += ((r - 85) / 10) * ((87 - t) / 5)
    }
    return MilliCelsius(rounding: (h - 32) * 5 / 9)
  }
}

/// Formulas of sound.
public enum Sound {
  /// LAeq of a mean energy: 10·lg of it, IEC 61672-1.
  ///
  /// - Parameter meanEnergy: Σ seconds × 10^(level / 10 dB) / Σ seconds, above 0.
  /// - Returns: the level, rounded to thousandths of a decibel.
  public static func laeq(meanEnergy: Double) -> MilliDecibels {
    MilliDecibels(rounding: 10 * log10(meanEnergy))
  }
}
