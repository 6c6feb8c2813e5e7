// What was published of a place at every quarter of an hour of the last day: its page draws it.

public import Quantities

/// What was published of a place at a moment.
public struct PublicSample: Hashable, Sendable {
  /// The moment.
  public var at: Instant
  /// Air temperature, to a tenth.
  public var air: MilliCelsius?
  /// Felt temperature, to a tenth.
  public var felt: MilliCelsius?
  /// Air temperature in the street at the same time, to a tenth.
  public var reference: MilliCelsius?
  /// LAeq of 15 minutes, in whole decibels.
  public var laeq: MilliDecibels?
  /// What was exceeded during a tenth of the hour before.
  public var l10: MilliDecibels?
  /// What was exceeded during nine tenths of the hour before.
  public var l90: MilliDecibels?

  /// A moment of which nothing is known.
  public init(at: Instant) { self.at = at }

  /// What is published at a moment.
  public init(_ indicators: PublicIndicators, at instant: Instant) {
    at = instant
    air = indicators.coolness?.air
    felt = indicators.coolness?.felt
    reference = indicators.coolness.flatMap { coolness in
      coolness.difference.map { MilliCelsius(coolness.air.rawValue + $0.rawValue) }
    }
    laeq = indicators.noise?.laeq
    l10 = indicators.noise?.exceeded?.l10
    l90 = indicators.noise?.exceeded?.l90
  }
}

/// The samples of a day, packed: a city of thousands of places keeps them, and every checkpoint writes them.
public struct RecentDay: Hashable, Sendable {
  /// The time from one sample to the next.
  public static let step = Span.minutes(15)
  private static let kept = 96
  private static let size = 13
  private static let none: UInt16 = 0xFFFF

  private var bytes: [UInt8] = []

  /// No samples.
  public init() {}

  /// The samples, oldest first.
  public var samples: [PublicSample] {
    stride(from: 0, to: bytes.count, by: Self.size).map { start in
      func number(_ offset: Int, _ count: Int) -> Int64 {
        (0..<count).reduce(0) { $0 | Int64(bytes[start + offset + $1]) << Int64($1 * 8) }
      }
      func temperature(_ offset: Int) -> MilliCelsius? {
        let tenths = number(offset, 2)
        return tenths == Self.none ? nil : MilliCelsius((tenths - 0x8000) * 100)
      }
      func level(_ offset: Int) -> MilliDecibels? {
        bytes[start + offset] == 0xFF ? nil : MilliDecibels(Int64(bytes[start + offset]) * 1000)
      }
      // Minutes fit in four bytes until the year 10136.
      var sample = PublicSample(at: Instant(milliseconds: number(0, 4) * 60_000))
      (sample.air, sample.felt, sample.reference) = (temperature(4), temperature(6), temperature(8))
      (sample.laeq, sample.l10, sample.l90) = (level(10), level(11), level(12))
      return sample
    }
  }

  /// Whether sound, or else temperature, was published in the last day.
  public func has(_ sound: Bool) -> Bool {
    stride(from: 0, to: bytes.count, by: Self.size).contains { start in
      sound ? bytes[start + 10] != 0xFF : bytes[start + 4] & bytes[start + 5] != 0xFF
    }
  }

  /// Adds a sample behind all that are older, and lets go of what is a day older; later ones were of a clock that ran
  /// ahead.
  public mutating func append(_ sample: PublicSample) {
    let new = UInt32(clamping: sample.at.milliseconds.floorDivided(by: 60_000))
    while let last = lastMinutes, last >= new { bytes.removeLast(Self.size) }
    func put(_ number: UInt64, _ count: Int) {
      for index in 0..<count { bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(index * 8))) }
    }
    put(UInt64(new), 4)
    for value in [sample.air, sample.felt, sample.reference] {
      let tenths = value.map { UInt16(clamping: min($0.rawValue.roundedDivided(by: 100) + 0x8000, 0xFFFE)) }
      put(UInt64(tenths ?? Self.none), 2)
    }
    for value in [sample.laeq, sample.l10, sample.l90] {
      put(UInt64(value.map { UInt8(clamping: min($0.rawValue.roundedDivided(by: 1000), 0xFE)) } ?? 0xFF), 1)
    }
    let oldest = Int64(new) - Int64(Self.kept) * 15
    while let first = minutes(at: 0), Int64(first) <= oldest { bytes.removeFirst(Self.size) }
  }

  private var lastMinutes: UInt32? { bytes.isEmpty ? nil : minutes(at: bytes.count - Self.size) }

  private func minutes(at start: Int) -> UInt32? {
    guard start < bytes.count else { return nil }
    return (0..<4).reduce(0) { $0 | UInt32(bytes[start + $1]) << UInt32($1 * 8) }
  }

  /// Writes or reads it, for a checkpoint.
  public mutating func archive(_ archive: inout Archive) {
    archive.field(&bytes)
    if bytes.count % Self.size != 0 {
      archive.damage()
      bytes = []
    }
  }
}
