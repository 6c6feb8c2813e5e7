// Decimal text to integers, without a floating-point number between.

/// A decimal number in units of 10⁻¹², exact for every number a sensor sends; further digits are cut.
///
/// SenML adds base values to values before rounding, so rounding to thousandths comes last.
public struct ExactDecimal: Hashable, Comparable, Sendable {
  /// The number times 10¹².
  public let trillionths: Int128

  /// Magnitudes at or above this many units are refused: far beyond every quantity, far below overflow.
  public static let limit: Int128 = 1_000_000_000_000_000_000

  static let scale: Int128 = 1_000_000_000_000

  /// A number from trillionths.
  public init(trillionths: Int128) { self.trillionths = trillionths }

  /// A whole number.
  public init(_ whole: Int64) { self.trillionths = Int128(whole) * Self.scale }

  /// The number that a JSON number or plain decimal text denotes.
  ///
  /// It is nil when the text is not such a number, or its magnitude reaches ``limit``.
  ///
  /// - Parameter text: ASCII: optional sign, digits with an optional point, optional exponent.
  public init?(_ text: some Sequence<UInt8>) {
    var mantissa: Int128 = 0
    var decimals = 0  // digits of the mantissa after the point
    var cut = 0  // digits before the point that no longer fit
    var digits = 0
    var negative = false
    var seenPoint = false
    var exponent = 0
    var negativeExponent = false
    var state = Part.sign
    for byte in text {
      switch (byte, state) {
      case (0x2D, .sign), (0x2B, .sign):
        negative = byte == 0x2D
        state = .number
      case (0x30...0x39, .sign), (0x30...0x39, .number):
        state = .number
        digits += 1
        if mantissa < Self.limit * 1_000_000_000_000 {
          mantissa = mantissa * 10 + Int128(byte - 0x30)
          if seenPoint { decimals += 1 }
        } else if !seenPoint {
          cut += 1
        }
      case (0x2E, .sign), (0x2E, .number):
        if seenPoint { return nil }
        seenPoint = true
        state = .number
      case (0x65, .number), (0x45, .number):
        if digits == 0 { return nil }
        state = .exponentSign
      case (0x2D, .exponentSign), (0x2B, .exponentSign):
        negativeExponent = byte == 0x2D
        state = .exponent
      case (0x30...0x39, .exponentSign), (0x30...0x39, .exponent):
        state = .exponentDigits
        exponent = Int(byte - 0x30)
      case (0x30...0x39, .exponentDigits):
        exponent = min(exponent * 10 + Int(byte - 0x30), 10_000)
      default:
        return nil
      }
    }
    guard digits > 0, state == .number || state == .exponentDigits else { return nil }
    var shift = 12 - decimals + cut + (negativeExponent ? -exponent : exponent)
    if mantissa == 0 { shift = 0 }
    let bound = Self.limit * Self.scale
    while shift > 0 {
      guard mantissa < bound else { return nil }
      mantissa *= 10
      shift -= 1
    }
    while shift < 0, mantissa != 0 {
      mantissa /= 10
      shift += 1
    }
    guard mantissa < bound else { return nil }
    self.trillionths = negative ? -mantissa : mantissa
  }

  private enum Part { case sign, number, exponentSign, exponent, exponentDigits }

  /// The nearest number of thousandths, halves away from zero.
  public var thousandths: Int64 { rounded(per: 1_000_000_000) }

  /// The nearest whole number, halves away from zero.
  public var whole: Int64 { rounded(per: Self.scale) }

  private func rounded(per divisor: Int128) -> Int64 {
    let (quotient, remainder) = trillionths.quotientAndRemainder(dividingBy: divisor)
    let half = divisor / 2
    if remainder >= half { return Int64(quotient + 1) }
    if remainder <= -half { return Int64(quotient - 1) }
    return Int64(quotient)
  }

  /// Whether `a` comes before `b`.
  public static func < (a: ExactDecimal, b: ExactDecimal) -> Bool { a.trillionths < b.trillionths }

  /// The sum, or nil when its magnitude reaches ``limit``.
  public func adding(_ other: ExactDecimal) -> ExactDecimal? {
    let sum = trillionths + other.trillionths
    return sum.magnitude < (Self.limit * Self.scale).magnitude ? ExactDecimal(trillionths: sum) : nil
  }

  /// The number times `numerator / denominator`, digits beyond 10⁻¹² cut; nil when too large.
  public func scaled(by numerator: Int64, over denominator: Int64 = 1) -> ExactDecimal? {
    let (product, overflow) = trillionths.multipliedReportingOverflow(by: Int128(numerator))
    let result = product / Int128(denominator)
    return overflow || result.magnitude >= (Self.limit * Self.scale).magnitude
      ? nil : ExactDecimal(trillionths: result)
  }
}
