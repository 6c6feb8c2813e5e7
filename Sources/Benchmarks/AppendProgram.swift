// What `append …` measures of ours: many series fed as a gateway would, in a process of its own.

import RingSeries

/// The usual mix of a city: six of ten series temperature and humidity, three counts, one sound.
enum AppendProgram {
  /// The same orders as in `Peers/rings.c`: eight, each used again and again.
  private static func orders(series: Int, shuffled: Bool) -> [[UInt32]] {
    var state: UInt64 = 1
    return (0..<8).map { _ in
      var order = (0..<UInt32(series)).map { $0 }
      guard shuffled else { return order }
      for i in stride(from: series - 1, to: 0, by: -1) {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        order.swapAt(i, Int((state >> 33) % UInt64(i + 1)))
      }
      return order
    }
  }

  static func kinds(series: Int) -> [SeriesKind] {
    let value = SeriesKind(.value)
    let sound = SeriesKind(.sound)
    return (0..<series).map { $0 % 10 == 9 ? sound : value }
  }

  static func run(series: Int, scrapes: Int, shuffled: Bool) throws {
    var time: Int64 = 1_784_368_800_000
    var bank = try SeriesBank(kinds(series: series), clock: time)
    let orders = orders(series: series, shuffled: shuffled)
    var accepted = 0
    for scrape in 0..<scrapes {
      bank.advance(to: time)
      for number in orders[scrape % orders.count] {
        let value = 20_000 + (Int64(number) * 7 + Int64(scrape) * 131) % 30_000
        let sample = Sample(time: time, value: value, seconds: 30)
        if bank.append(sample, to: SeriesIndex(Int(number))) == .accepted(missed: []) { accepted += 1 }
      }
      time += 30_000
    }
    print(accepted)
  }
}
