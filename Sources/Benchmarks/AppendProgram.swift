// What the rows of RingSeries measure of ours, in a process of its own: `Benchmarks measure WHAT …` prints one number.

import Core
import Foundation
import Gateway
import Glibc
import Quantities
import RingSeries
import Store

/// Many series fed as a gateway would feed them.
enum AppendProgram {
  /// 2026-07-18T10:00:00Z.
  static let start: Int64 = 1_784_368_800_000

  /// - Returns: the program's number; nil for words that are not understood.
  static func run(_ words: [String]) throws -> Double? {
    let numbers = words.compactMap { Int($0) }
    switch (words.first, numbers.count) {
    case ("append", 2): return try append(numbers[0], numbers[1], shuffled: words.last == "shuffled")
    case ("journal", 2): return try appendToJournal(numbers[0], numbers[1])
    case ("year", 1): return try residentAfterAYear(numbers[0])
    case ("day", 1): return try day(numbers[0])
    case ("places", 1): return try places(numbers[0])
    case ("slice", 1): return try slice(numbers[0])
    default: return nil
    }
  }

  /// The usual mix of a city: six of ten series temperature and humidity, three counts, one sound.
  static func kinds(_ series: Int) -> [SeriesKind] {
    let value = SeriesKind(.value)
    let sound = SeriesKind(.sound)
    return (0..<series).map { $0 % 10 == 9 ? sound : value }
  }

  /// Processor time of this process in microseconds.
  static func processorTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) / 1e3
  }

  private static func value(_ number: Int, _ scrape: Int) -> Int64 {
    20_000 + Int64(number * 7 + scrape * 131) % 30_000
  }

  /// Eight orders, each used again and again: the same as in `Peers/rings.c`.
  private static func orders(_ series: Int, shuffled: Bool) -> [[UInt32]] {
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

  /// Processor time of appending in microseconds a sample; the bank is made before.
  private static func append(_ series: Int, _ scrapes: Int, shuffled: Bool) throws -> Double {
    var bank = try SeriesBank(kinds(series), clock: start)
    let orders = orders(series, shuffled: shuffled)
    var accepted = 0
    let before = processorTime()
    for scrape in 0..<scrapes {
      let time = start + Int64(scrape) * 30_000
      bank.advance(to: time)
      for number in orders[scrape % orders.count] {
        let sample = Sample(time: time, value: value(Int(number), scrape), seconds: 30)
        if bank.append(sample, to: SeriesIndex(Int(number))) == .accepted(missed: []) { accepted += 1 }
      }
    }
    let used = processorTime() - before
    guard accepted == series * scrapes else { throw BenchmarkError(description: "\(accepted) were accepted") }
    return used / Double(accepted)
  }

  /// The same with the journal that the gateway keeps: each sample a message, 1,000 messages a commit.
  private static func appendToJournal(_ series: Int, _ scrapes: Int) throws -> Double {
    let folder = try Folder()
    let journal = try Database(folder: folder.path)
    var bank = try SeriesBank(kinds(series), clock: start)
    let before = processorTime()
    for scrape in 0..<scrapes {
      let time = start + Int64(scrape) * 30_000
      bank.advance(to: time)
      var batch: [Entry] = []
      for number in 0..<series {
        let value = value(number, scrape)
        let payload = #"[{"n":"temperature","u":"Cel","v":\#(value / 1000).\#(value / 100 % 10)}]"#
        batch.append(
          .message(
            Message(
              arrival: Instant(milliseconds: time), topic: "tonnelle/v1/up/p\(number / 3)/s\(number)",
              payload: Array(payload.utf8), qos: 1, isRetained: false, packet: number % 65_535 + 1)))
        _ = bank.append(Sample(time: time, value: value, seconds: 30), to: SeriesIndex(number))
        if batch.count == 1000 || number == series - 1 {
          try journal.append(batch)
          batch = []
        }
      }
    }
    return (processorTime() - before) / Double(series * scrapes)
  }

  /// Megabytes resident after a year of hourly readings beyond those before it; 0 if nothing grew.
  private static func residentAfterAYear(_ series: Int) throws -> Double {
    var bank = try SeriesBank(kinds(series), clock: start)
    var growth = 0.0
    var first = 0.0
    for hour in 0..<8760 {
      let time = start + Int64(hour) * 3_600_000
      bank.advance(to: time)
      for number in 0..<series {
        _ = bank.append(Sample(time: time, value: value(number, hour), seconds: 3600), to: SeriesIndex(number))
      }
      if hour == 24 { first = resident() }
    }
    growth = resident() - first
    guard abs(growth) < 1 else { throw BenchmarkError(description: "the bank grew by \(growth) MiB in a year") }
    return resident()
  }

  private static func resident() -> Double {
    let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    return (text.split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? 0) * 4096 / 1_048_576
  }

  /// A bank that has run for so many hours, a reading a minute.
  private static func filled(_ kinds: [SeriesKind], hours: Int) throws -> SeriesBank {
    var bank = try SeriesBank(kinds, clock: start)
    for minute in 0..<hours * 60 {
      let time = start + Int64(minute) * 60_000
      bank.advance(to: time)
      for number in kinds.indices {
        _ = bank.append(Sample(time: time, value: value(number, minute), seconds: 60), to: SeriesIndex(number))
      }
    }
    return bank
  }

  /// Milliseconds for one slice of a checkpoint: half a mebibyte of series with full rings.
  private static func slice(_ series: Int) throws -> Double {
    let bank = try filled(kinds(series), hours: 15 * 24)
    let before = processorTime()
    let bytes = (0..<series).reduce(0) { $0 + bank.snapshot(of: SeriesIndex($1)).count }
    return (processorTime() - before) / 1000 * Double(1 << 19) / Double(bytes)
  }

  /// Microseconds for 24 hours of quarter hours of one series, each time another one of 2,000.
  private static func day(_ series: Int) throws -> Double {
    let bank = try filled(kinds(series), hours: 30)
    let before = processorTime()
    var readings: Int64 = 0
    for number in 0..<series {
      let from = bank.clock - 86_400_000
      let answer = try bank.steps(of: SeriesIndex(number), from: from, to: bank.clock, seconds: 900)
      readings += answer.steps.reduce(0) { $0 + $1.bucket.count }
    }
    guard readings >= Int64(series) * 1440 else { throw BenchmarkError(description: "\(readings) readings") }
    return (processorTime() - before) / Double(series)
  }

  /// Milliseconds for the newest values and the last quarter hour of so many places of three series.
  private static func places(_ places: Int) throws -> Double {
    let bank = try filled(kinds(places * 3), hours: 3)
    var times: [Double] = []
    for _ in 0..<21 {
      let before = processorTime()
      var readings: Int64 = 0
      for number in 0..<places * 3 {
        let sum = bank.sum(of: SeriesIndex(number), from: bank.clock - 900_000, to: bank.clock)
        readings += sum.bucket.count + (bank.latest(of: SeriesIndex(number)) == nil ? 0 : 1)
      }
      times.append((processorTime() - before) / 1000)
      guard readings == Int64(places) * 3 * 16 else { throw BenchmarkError(description: "\(readings) readings") }
    }
    return median(times)
  }
}
