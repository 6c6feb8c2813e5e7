// Heat as people feel it: the published felt temperature is the US National Weather Service's Heat Index with both
// adjustments; Humidex, simplified WBGT and Thom's index are for history and reports.

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

  /// The Humidex of Environment Canada, from relative humidity.
  ///
  /// Source: Masterton and Richardson, 1979; vapour pressure `6.112·10^(7.5·T/(237.7 + T))·RH/100` in hPa.
  ///
  /// - Parameters:
  ///   - air: air temperature, −40 to 60 °C.
  ///   - humidity: relative humidity, 0 to 100 %.
  /// - Returns: a number on the scale of degrees Celsius; 30 °C at 80 % give 43.259.
  public static func humidex(air: MilliCelsius, humidity: MilliPercent) -> MilliCelsius {
    let t = air.units
    let vapour = 6.112 * pow(10, 7.5 * t / (237.7 + t)) * humidity.units / 100
    return MilliCelsius(rounding: t + 5.0 / 9 * (vapour - 10))
  }

  /// The simplified wet-bulb globe temperature of the Australian Bureau of Meteorology.
  ///
  /// It assumes full sun and light wind whatever the weather, so it is named `wbgt_simplified` wherever it is shown and
  /// must not be compared with limits for work.
  ///
  /// - Parameters:
  ///   - air: air temperature, −40 to 60 °C.
  ///   - humidity: relative humidity, 0 to 100 %.
  /// - Returns: 30 °C at 80 % give 34.245.
  public static func simplifiedWBGT(air: MilliCelsius, humidity: MilliPercent) -> MilliCelsius {
    let t = air.units
    let vapour = humidity.units / 100 * 6.105 * exp(17.27 * t / (237.7 + t))
    return MilliCelsius(rounding: 0.567 * t + 0.393 * vapour + 3.94)
  }

  /// Thom's discomfort index: from 21 some are uncomfortable, from 24 half, from 27 most, from 29 everyone.
  ///
  /// Source: Thom, E. C., The Discomfort Index, Weatherwise 12 (1959), in °C and relative humidity.
  ///
  /// - Parameters:
  ///   - air: air temperature, −40 to 60 °C.
  ///   - humidity: relative humidity, 0 to 100 %.
  /// - Returns: 30 °C at 80 % give 28.295.
  public static func discomfort(air: MilliCelsius, humidity: MilliPercent) -> MilliCelsius {
    let (t, r) = (air.units, humidity.units)
    return MilliCelsius(rounding: t - 0.55 * (1 - 0.01 * r) * (t - 14.5))
  }
}

/// Formulas of sound.
public enum Sound {
  /// The level of day, evening and night, with 5 dB for the evening and 10 for the night.
  ///
  /// Source: Directive 2002/49/EC, annex I; the weights 12, 4 and 8 hours hold on the nights of the clock changes too.
  ///
  /// - Parameters:
  ///   - day: LAeq of the day.
  ///   - evening: LAeq of the evening.
  ///   - night: LAeq of the night.
  /// - Returns: three times 60 dB give 66.395 dB.
  public static func lden(day: MilliDecibels, evening: MilliDecibels, night: MilliDecibels) -> MilliDecibels {
    func energy(_ level: Double) -> Double { pow(10, level / 10) }
    let sum = 12 * energy(day.units) + 4 * energy(evening.units + 5) + 8 * energy(night.units + 10)
    return MilliDecibels(rounding: 10 * log10(sum / 24))
  }

  /// LAeq of a mean energy: 10·lg of it, IEC 61672-1.
  ///
  /// - Parameter meanEnergy: Σ seconds × 10^(level / 10 dB) / Σ seconds, above 0.
  /// - Returns: the level, rounded to thousandths of a decibel.
  public static func laeq(meanEnergy: Double) -> MilliDecibels {
    MilliDecibels(rounding: 10 * log10(meanEnergy))
  }
}
