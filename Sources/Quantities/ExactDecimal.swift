// Decimal text to integers, without a floating-point number between.

/// A decimal number in units of 10⁻¹² with 18 significant digits, exact for every number a sensor sends; the rest is cut.
///
/// SenML adds base values to values before rounding, so rounding to thousandths comes last.
public struct ExactDecimal: Hashable, Comparable, Sendable {
  /// The number times 10¹².
  public let trillionths: Int128

  /// Magnitudes at or above this many units are refused: far beyond every quantity, and their thousandths fit 64 bits.
  public static let limit: Int128 = 1_000_000_000_000_000

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
  public init?(_ text: ArraySlice<UInt8>) {
    var rest = text[...]
    let isNegative = rest.first == 0x2D
    if isNegative || rest.first == 0x2B { rest = rest.dropFirst() }
    var mantissa: UInt64 = 0  // the first 18 significant digits: more say nothing above 10⁻¹²
    var scale = 0  // power of ten that the mantissa counts
    var digits = 0
    var hasPoint = false
    scanning: while let byte = rest.first {
      switch byte {
      case 0x30...0x39:
        digits += 1
        if mantissa < 100_000_000_000_000_000 {
          mantissa = mantissa * 10 + UInt64(byte - 0x30)
          if hasPoint { scale -= 1 }
        } else if !hasPoint {
          scale += 1
        }
      case 0x2E where !hasPoint: hasPoint = true
      case 0x65, 0x45: break scanning
      default: return nil
      }
      rest = rest.dropFirst()
    }
    guard digits > 0 else { return nil }
    if !rest.isEmpty {
      guard let exponent = Self.exponent(rest.dropFirst()) else { return nil }
      scale += exponent
    }
    guard let magnitude = Self.trillionths(mantissa, scale: scale) else { return nil }
    self.trillionths = isNegative ? -magnitude : magnitude
  }

  /// The number that text denotes; nil as above.
  public init?(_ text: String) { self.init(ArraySlice(text.utf8)) }

  /// The digits behind an `e`, bounded: what is beyond overflows or vanishes either way.
  private static func exponent(_ text: ArraySlice<UInt8>) -> Int? {
    let isNegative = text.first == 0x2D
    let digits = isNegative || text.first == 0x2B ? text.dropFirst() : text
    guard !digits.isEmpty else { return nil }
    var exponent = 0
    for byte in digits {
      guard (0x30...0x39).contains(byte) else { return nil }
      exponent = min(exponent * 10 + Int(byte - 0x30), 1_000_000)
    }
    return isNegative ? -exponent : exponent
  }

  private static func trillionths(_ mantissa: UInt64, scale: Int) -> Int128? {
    guard mantissa != 0 else { return 0 }
    var value = Int128(mantissa)
    var shift = scale + 12
    while shift > 0 {
      guard value < limit * Self.scale else { return nil }
      value *= 10
      shift -= 1
    }
    while shift < 0 && value != 0 {
      value /= 10
      shift += 1
    }
    return value < limit * Self.scale ? value : nil
  }

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

  /// The product, digits beyond 10⁻¹² cut; nil when its magnitude reaches ``limit``.
  public func times(_ other: ExactDecimal) -> ExactDecimal? {
    let bound = (Self.limit * Self.scale).magnitude
    let (high, low) = trillionths.magnitude.multipliedFullWidth(by: other.trillionths.magnitude)
    guard high < Self.scale.magnitude else { return nil }  // the quotient would not fit
    let product = Self.scale.magnitude.dividingFullWidth((high, low)).quotient
    guard product < bound else { return nil }
    let isNegative = (trillionths < 0) != (other.trillionths < 0)
    return ExactDecimal(trillionths: isNegative ? -Int128(product) : Int128(product))
  }
}
