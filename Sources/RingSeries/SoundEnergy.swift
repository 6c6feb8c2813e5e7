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

  /// seconds × 10^(level / 10 dB), rounded to the nearest integer.
  ///
  /// 130 dB for 900 s is 9·10¹⁵; levels are held to 0…130 dB and the seconds to a day, so that nothing overflows.
  ///
  /// - Parameters:
  ///   - milliDecibels: the level in thousandths of a decibel.
  ///   - seconds: how long it lasted.
  /// - Returns: the energy, never negative.
  public static func energy(milliDecibels: Int64, seconds: Int64) -> Int64 {
    let level = Int(min(max(milliDecibels, 0), 130_000))
    let time = UInt64(min(max(seconds, 0), 86_400))
    var product = UInt128(tenths[level / 1000 % 10])
    product = (product * UInt128(hundredths[level / 100 % 10])) >> 32
    product = (product * UInt128(thousandths[level / 10 % 10])) >> 32
    product = (product * UInt128(tenThousandths[level % 10])) >> 32
    for _ in 0..<(level / 10_000) { product *= 10 }
    return Int64((product * UInt128(time) + (1 << 31)) >> 32)
  }
}
