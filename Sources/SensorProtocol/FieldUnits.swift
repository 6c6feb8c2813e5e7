// What values a field can have, in which units.

internal import Quantities

extension Field {
  /// Converts to the field's unit; nil for a unit that cannot mean this field.
  func inOwnUnit(_ value: ExactDecimal, unit: ArraySlice<UInt8>?) -> ExactDecimal? {
    guard let unit else { return value }
    switch self {
    case .temperature, .temperatureGlobe:
      if unit == Units.celsius { return value }
      return unit == Units.kelvin ? value.adding(ExactDecimal(trillionths: -273_150_000_000_000)) : nil
    case .humidity:
      if unit == Units.relativeHumidity || unit == Units.percent { return value }
      return unit == Units.ratio ? value.scaled(by: 100) : nil
    case .batteryPercent:
      if unit == Units.batteryPercent || unit == Units.percent { return value }
      return unit == Units.ratio ? value.scaled(by: 100) : nil
    case .inTotal, .outTotal, .people:
      return unit == Units.count ? value : nil
    case .occupied:
      return unit == Units.ratio || unit == Units.count ? value : nil
    case .laeq, .lafmax:
      if unit == Units.decibel || unit == Units.decibelA { return value }
      return unit == Units.bel ? value.scaled(by: 10) : nil
    }
  }

  /// Whether a value can be in a unit, one of SenML's or `degF`.
  public func isUnit(_ unit: String) -> Bool {
    unit == "degF" ? isTemperature : inOwnUnit(ExactDecimal(0), unit: ArraySlice(unit.utf8)) != nil
  }

  /// What a sensor of that kind can measure at all.
  func isPlausible(_ value: Int64) -> Bool {
    switch self {
    case .temperature: (-40_000...60_000).contains(value)
    case .temperatureGlobe: (-40_000...90_000).contains(value)
    case .humidity: (0...105_000).contains(value)
    case .laeq, .lafmax: (25_000...130_000).contains(value)
    case .batteryPercent: (0...100_000).contains(value)
    case .occupied: value == 0 || value == 1000
    case .inTotal, .outTotal: value >= 0 && value <= 4_294_967_295_000 && value % 1000 == 0
    case .people: value >= 0 && value <= 100_000_000 && value % 1000 == 0
    }
  }

  /// Up to 105 % relative humidity is a sensor's tolerance and counts as 100.
  func clamped(_ value: Int64) -> Int64 {
    self == .humidity ? min(value, 100_000) : value
  }
}

private enum Units {
  // Units of the SenML registry (RFC 8428 §12.1); `dBA` is none, and common.
  static let celsius = ArraySlice("Cel".utf8)
  static let kelvin = ArraySlice("K".utf8)
  static let relativeHumidity = ArraySlice("%RH".utf8)
  static let percent = ArraySlice("%".utf8)
  static let batteryPercent = ArraySlice("%EL".utf8)
  static let ratio = ArraySlice("/".utf8)
  static let count = ArraySlice("count".utf8)
  static let decibel = ArraySlice("dB".utf8)
  static let decibelA = ArraySlice("dBA".utf8)
  static let bel = ArraySlice("Bspl".utf8)
}
