// A moment on the UTC time line, and the only clock unit of the program: milliseconds.

/// A moment, in milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
public struct Instant: Hashable, Comparable, Sendable {
  /// Milliseconds since the Unix epoch; negative before it.
  public let milliseconds: Int64

  /// A moment from Unix milliseconds.
  @inlinable public init(milliseconds: Int64) { self.milliseconds = milliseconds }

  /// A moment from whole Unix seconds.
  @inlinable public init(seconds: Int64) { self.milliseconds = seconds * 1000 }

  /// Whole Unix seconds, rounded down.
  public var seconds: Int64 { milliseconds.floorDivided(by: 1000) }

  /// The first whole second at or after this moment.
  @inlinable public var nextWholeSecond: Instant { Instant(seconds: (milliseconds + 999).floorDivided(by: 1000)) }

  /// The last moment of a grid of `step` milliseconds (counted from the epoch) at or before this one.
  @inlinable public func floored(toMilliseconds step: Int64) -> Instant {
    Instant(milliseconds: milliseconds.floorDivided(by: step) * step)
  }

  /// Whether `a` comes before `b`.
  public static func < (a: Instant, b: Instant) -> Bool { a.milliseconds < b.milliseconds }
  /// The moment `span` later.
  public static func + (a: Instant, span: Span) -> Instant {
    Instant(milliseconds: a.milliseconds + span.milliseconds)
  }
  /// The moment `span` earlier.
  public static func - (a: Instant, span: Span) -> Instant {
    Instant(milliseconds: a.milliseconds - span.milliseconds)
  }
  /// The time from `b` to `a`; negative when `a` is earlier.
  public static func - (a: Instant, b: Instant) -> Span {
    Span(milliseconds: a.milliseconds - b.milliseconds)
  }

  /// Before everything that the program meets.
  ///
  /// Not `Int64.min`, so that arithmetic near it cannot overflow.
  public static let distantPast = Instant(milliseconds: .min / 4)
  /// After everything that the program meets.
  public static let distantFuture = Instant(milliseconds: .max / 4)
}

/// A length of time in milliseconds.
///
/// Not `Swift.Duration`, whose attoseconds no journal needs.
public struct Span: Hashable, Comparable, Sendable {
  /// Milliseconds; negative backwards.
  public let milliseconds: Int64

  /// A length from milliseconds.
  @inlinable public init(milliseconds: Int64) { self.milliseconds = milliseconds }

  /// `n` milliseconds.
  public static func milliseconds(_ n: Int64) -> Span { Span(milliseconds: n) }
  /// `n` seconds.
  public static func seconds(_ n: Int64) -> Span { Span(milliseconds: n * 1000) }
  /// `n` minutes.
  public static func minutes(_ n: Int64) -> Span { .seconds(n * 60) }
  /// `n` hours.
  public static func hours(_ n: Int64) -> Span { .minutes(n * 60) }
  /// `n` days of 24 hours.
  public static func days(_ n: Int64) -> Span { .hours(n * 24) }

  /// Whole seconds, rounded down.
  public var seconds: Int64 { milliseconds.floorDivided(by: 1000) }

  /// Whether `a` comes before `b`.
  public static func < (a: Span, b: Span) -> Bool { a.milliseconds < b.milliseconds }
}

extension Int64 {
  /// The quotient rounded towards minus infinity, where `/` rounds towards zero.
  @inlinable
  public func floorDivided(by divisor: Int64) -> Int64 {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder != 0 && (remainder < 0) != (divisor < 0) ? quotient - 1 : quotient
  }

  /// The quotient rounded to the nearest integer, halves away from zero.
  @inlinable
  public func roundedDivided(by divisor: Int64) -> Int64 {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    guard remainder.magnitude >= divisor.magnitude - remainder.magnitude else { return quotient }
    return (self < 0) == (divisor < 0) ? quotient + 1 : quotient - 1
  }
}
