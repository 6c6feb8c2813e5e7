// Measured values: integers in thousandths of a unit, so that sums are exact.

/// A value in thousandths of `Unit`.
///
/// The unit is a type, so that a level is never added to a temperature.
public struct Milli<Unit>: Hashable, Comparable, Sendable {
  /// Thousandths of the unit.
  public let rawValue: Int64

  /// A value from thousandths of the unit.
  public init(_ rawValue: Int64) { self.rawValue = rawValue }

  /// The value nearest to a floating-point number, halves away from zero.
  ///
  /// The only way from `exp` and `log` back into the program: nothing compares before this rounding.
  public init(rounding value: Double) { self.rawValue = Int64((value * 1000).rounded(.toNearestOrAwayFromZero)) }

  /// The value as a floating-point number of units, for formulas.
  public var units: Double { Double(rawValue) / 1000 }

  /// Whether `a` comes before `b`.
  public static func < (a: Milli, b: Milli) -> Bool { a.rawValue < b.rawValue }
  /// The sum.
  public static func + (a: Milli, b: Milli) -> Milli { Milli(a.rawValue + b.rawValue) }
  /// The difference.
  public static func - (a: Milli, b: Milli) -> Milli { Milli(a.rawValue - b.rawValue) }

  /// The value rounded half away from zero to a multiple of `step` thousandths.
  public func rounded(to step: Int64) -> Milli { Milli(rawValue.roundedDivided(by: step) * step) }

  /// Decimal text with `places` (0 to 3) digits after the point, rounded half away from zero.
  public func text(places: Int, separator: String = ".") -> String {
    let divisor = [Int64(1000), 100, 10, 1][places]
    let scaled = rawValue.roundedDivided(by: divisor)
    let digits = String(scaled.magnitude)
    let sign = scaled < 0 ? "-" : ""
    guard places > 0 else { return sign + digits }
    let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
    return sign + padded.dropLast(places) + separator + padded.suffix(places)
  }
}

/// Degree Celsius, for temperatures and their differences.
public enum Celsius: Sendable {}
/// Percent, for relative humidity and battery charge.
public enum Percent: Sendable {}
/// Decibel A-weighted, re 20 µPa.
public enum DecibelA: Sendable {}

/// Thousandths of a degree Celsius.
public typealias MilliCelsius = Milli<Celsius>
/// Thousandths of a percent.
public typealias MilliPercent = Milli<Percent>
/// Thousandths of a decibel.
public typealias MilliDecibels = Milli<DecibelA>
