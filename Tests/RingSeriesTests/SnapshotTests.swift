// Bytes of a series: what was written comes back, what was damaged or forged does not.

import Testing

@testable import RingSeries

@Suite("Snapshots") struct SnapshotTests {
  static let start = SeriesTests.start
  static let small = RingLayout(
    raw: 4, rings: [Ring(seconds: 60, count: 3), Ring(seconds: 180, count: 4)],
    classRings: [Ring(seconds: 180, count: 2)])
  static let kinds = [
    SeriesKind(.sound, layout: small), SeriesKind(.value, layout: small),
    SeriesKind(.counter(Counter.Model()), layout: small),
  ]

  private static func bank() throws -> SeriesBank {
    var bank = try SeriesBank(kinds, clock: start)
    for second in stride(from: Int64(0), to: 500, by: 47) {
      bank.advance(to: start + second * 1000)
      for number in 0..<2 {
        _ = bank.append(Sample(time: bank.clock, value: 40_000 + second * 9, seconds: 47), to: SeriesIndex(number))
      }
      _ = bank.count(total: second / 20, at: bank.clock, seconds: 47, in: SeriesIndex(2))
    }
    return bank
  }

  @Test("any flipped bit is refused, and the series stays as it was", arguments: 0..<3) func flips(number: Int) throws {
    var bank = try Self.bank()
    let series = SeriesIndex(number)
    let bytes = bank.snapshot(of: series)
    for place in bytes.indices {
      for bit in 0..<8 {
        var damaged = bytes
        damaged[place] ^= 1 << UInt8(bit)
        #expect(throws: SnapshotError.self) { try bank.restore(damaged.span, to: series) }
      }
    }
    #expect(bank.snapshot(of: series) == bytes)
  }

  @Test("any cut is refused, and so is anything behind the end", arguments: 0..<3) func cuts(number: Int) throws {
    var bank = try Self.bank()
    let series = SeriesIndex(number)
    let bytes = bank.snapshot(of: series)
    for length in 0..<bytes.count {
      let cut = Array(bytes[..<length])
      #expect(throws: SnapshotError.self) { try bank.restore(cut.span, to: series) }
    }
    #expect(throws: SnapshotError.length(said: bytes.count, found: bytes.count + 1)) {
      try bank.restore((bytes + [0]).span, to: series)
    }
    #expect(bank.snapshot(of: series) == bytes)
  }

  @Test("with a checksum that holds, what cannot be is refused all the same: each byte changed", arguments: 0..<3)
  func forged(number: Int) throws {
    var bank = try Self.bank()
    let series = SeriesIndex(number)
    let bytes = bank.snapshot(of: series)
    var refused = 0
    for place in 0..<bytes.count - 4 {
      for value in [UInt8(0), 1, 0x7F, 0x80, 0xFF] {
        var forged = bytes
        forged[place] = value
        let checksum = CRC32.checksum(forged.span, count: forged.count - 4)
        for byte in 0..<4 { forged[forged.count - 4 + byte] = UInt8(truncatingIfNeeded: checksum >> (byte * 8)) }
        do {
          // What is taken must be a state that can be used and written again.
          try bank.restore(forged.span, to: series)
          _ = bank.append(Sample(time: bank.clock, value: 1, seconds: 1), to: series)
          _ = bank.sum(of: series, from: 0, to: .max)
          _ = bank.snapshot(of: series)
          bank.rewind(to: bank.clock)
        } catch {
          refused += 1
        }
      }
    }
    #expect(refused > bytes.count)
    try bank.restore(bytes.span, to: series)
    #expect(bank.snapshot(of: series) == bytes)
  }

  @Test("each refusal has its name") func names() throws {
    var bank = try Self.bank()
    let bytes = bank.snapshot(of: SeriesIndex(0))
    func refusal(_ bytes: [UInt8], to number: Int = 0) -> SnapshotError? {
      do { try bank.restore(bytes.span, to: SeriesIndex(number)) } catch { return error }
      return nil
    }
    var other = bytes
    other[4] = 2
    #expect(refusal(other) == .version(2))
    #expect(refusal(bytes, to: 1) == .otherKind)
    #expect(refusal([UInt8](repeating: 0, count: 200)) == .notASnapshot)
    other = bytes
    other[150] ^= 1
    #expect(refusal(other) == .checksum)
    var young = try SeriesBank(Self.kinds, clock: Self.start - 86_400_000)
    #expect(throws: SnapshotError.ahead) { try young.restore(bytes.span, to: SeriesIndex(0)) }
    // A counter's last total beyond the clock would refuse every total until then.
    let counter = bank.snapshot(of: SeriesIndex(2))
    #expect(throws: SnapshotError.ahead) { try young.restore(counter.span, to: SeriesIndex(2)) }
    #expect(refusal(Array("{}".utf8)) == .notASnapshot && refusal(Array(bytes[..<50])) == .length(said: 100, found: 50))
    // The check value of CRC-32: the digits 1 to 9.
    #expect(CRC32.checksum(Array("123456789".utf8).span, count: 9) == 0xCBF4_3926)
  }
}
