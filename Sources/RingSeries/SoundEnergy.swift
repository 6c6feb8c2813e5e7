// Levels to energies without a floating-point number: the state of a series must be the same on every machine.

/// Sound energy as an integer.
public enum SoundEnergy {
  // 10^(i/10), 10^(i/100), 10^(i/1000), 10^(i/10000) for i = 0…9, times 2³² and rounded: a level in thousandths of a
  // decibel is 10 dB × (its whole bels + four decimal digits), and its energy the product of one entry of each.
  private static let tenths: [UInt64] = [
    4_294_967_296, 5_407_043_472, 6_807_064_429, 8_569_586_390, 10_788_470_075,
    13_581_879_131, 17_098_572_778, 21_525_827_776, 27_099_411_597, 34_116_137_904,
  ]
  private static let hundredths: [UInt64] = [
    4_294_967_296, 4_395_009_936, 4_497_382_869, 4_602_140_373, 4_709_337_993,
    4_819_032_567, 4_931_282_255, 5_046_146_575, 5_163_686_428, 5_283_964_136,
  ]
  private static let thousandths: [UInt64] = [
    4_294_967_296, 4_304_868_218, 4_314_791_964, 4_324_738_587, 4_334_708_139,
    4_344_700_673, 4_354_716_243, 4_364_754_900, 4_374_816_700, 4_384_901_694,
  ]
  private static let tenThousandths: [UInt64] = [
    4_294_967_296, 4_295_956_363, 4_296_945_657, 4_297_935_179, 4_298_924_929,
    4_299_914_907, 4_300_905_113, 4_301_895_547, 4_302_886_209, 4_303_877_100,
  ]

  /// The upper two and the lower two of the four digits, multiplied out once.
  private static let upper = products(tenths, hundredths)
  private static let lower = products(thousandths, tenThousandths)
  private static let bels: [UInt64] = (0...13).map { bel in (0..<bel).reduce(1) { power, _ in power * 10 } }

  private static func products(_ a: [UInt64], _ b: [UInt64]) -> [UInt64] {
    a.flatMap { x in b.map { y in UInt64((UInt128(x) * UInt128(y) + 1 << 31) >> 32) } }
  }

  /// seconds × 10^(level / 10 dB) to a part in 10⁹, as an integer.
  ///
  /// Levels are held to 0…130 dB and the seconds to a day, so that the result is at most 8.64·10¹⁷.
  ///
  /// - Parameters:
  ///   - milliDecibels: the level in thousandths of a decibel.
  ///   - seconds: how long it lasted.
  /// - Returns: the energy, never negative.
  public static func energy(milliDecibels: Int64, seconds: Int64) -> UInt64 {
    let level = Int(min(max(milliDecibels, 0), 130_000))
    let time = UInt64(min(max(seconds, 0), 86_400))
    // Below 10 × 2⁶⁴; times 10¹³ and a day it stays below 2¹²⁸.
    let mantissa = UInt128(upper[level / 100 % 100]) * UInt128(lower[level % 100])
    return UInt64((mantissa * UInt128(bels[level / 10_000] * time) + 1 << 63) >> 64)
  }
}
