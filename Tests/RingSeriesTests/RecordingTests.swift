// A recorded sound level meter: what the rings say of it, beside numpy's answers from the definitions.

import Dice
import Foundation
import Testing

@testable import RingSeries

/// A recorded file of levels.
struct Levels {
  /// Thousandths of a decibel, in order of time.
  var levels: [Int64]
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Recordings")

  init(_ name: String) throws {
    levels = Recording.rows(name).compactMap { row in
      Double(row[1]).map { Int64(($0 * 1000).rounded(.toNearestOrAwayFromZero)) }
    }
  }

  /// Rows of `levels.csv` of a source: LAeq, L10, L50, L90 in dB.
  static func expected(_ source: String) throws -> [[Double]] {
    try String(contentsOf: folder.appending(path: "levels.csv"), encoding: .utf8).split(separator: "\n").dropFirst()
      .map { $0.split(separator: ",") }.filter { $0[0] == source }.map { $0[2...].compactMap { Double($0) } }
  }
}

@Suite("A recorded sound level meter") struct RecordingTests {
  static let day: Int64 = 86_400_000
  /// 2025-03-21T00:00:00-04:00.
  static let start: Int64 = 1_742_529_600_000
  let series = SeriesIndex(0)

  private func laeq(_ bucket: Bucket) throws -> Double { 10 * log10(try #require(bucket.meanEnergy)) }

  @Test("eleven days of minutes: LAeq to 0.01 dB, L10, L50 and L90 to half a decibel") func minutes() throws {
    let recording = try Levels("laeq-1m.csv.gz")
    let expected = try Levels.expected("1m")
    #expect(recording.levels.count == 16_470 && expected.count == 11)
    var bank = try SeriesBank([SeriesKind(.sound)], clock: Self.start)
    for (number, level) in recording.levels.enumerated() {
      let time = Self.start + Int64(number) * 60_000 + 30_000
      bank.advance(to: time)
      let appended = bank.append(Sample(time: time, value: level, seconds: 60), to: series)
      #expect(appended == .accepted(missed: []))
      guard (number + 1) % 1440 == 0 else { continue }
      let day = number / 1440
      let from = Self.start + Int64(day) * Self.day
      let sum = bank.sum(of: series, from: from, to: from + Self.day)
      #expect(sum.bucket.count == 1440 && sum.ringSeconds == 900)
      let level = try laeq(sum.bucket)
      #expect(abs(level - expected[day][0]) <= 0.01)
      let found = bank.classes(of: series, from: from, to: from + Self.day)
      let classes = try #require(found)
      for (percent, level) in zip([Int64(10), 50, 90], expected[day][1...]) {
        let ours = try #require(classes.level(exceededFor: percent))
        #expect(abs(Double(ours) / 1000 - level) <= 0.5, "L\(percent) of day \(day)")
      }
    }
    // Days later the hours still know the whole first day.
    let first = bank.sum(of: series, from: Self.start, to: Self.start + Self.day)
    let level = try laeq(first.bucket)
    #expect(first.ringSeconds == 3600 && abs(level - expected[0][0]) <= 0.01)
  }

  @Test("a day of seconds: its minutes are the recorded minutes to 0.001 dB, its hours are numpy's") func seconds()
    throws
  {
    let recording = try Levels("laeq-1s.csv.gz")
    let recordedMinutes = try Levels("laeq-1m.csv.gz")
    let expected = try Levels.expected("1s")
    #expect(recording.levels.count == 86_401 && expected.count == 24)
    let start = Self.start + Self.day
    var bank = try SeriesBank([SeriesKind(.sound)], clock: start)
    var largest = 0.0
    for (number, level) in recording.levels.dropLast().enumerated() {
      let time = start + Int64(number) * 1000
      bank.advance(to: time)
      _ = bank.append(Sample(time: time, value: level, seconds: 1), to: series)
      if number % 60 == 59 {
        let minute = start + Int64(number / 60) * 60_000
        let sum = bank.sum(of: series, from: minute, to: minute + 60_000).bucket
        let recorded = Double(recordedMinutes.levels[1440 + number / 60]) / 1000
        largest = max(largest, abs(try laeq(sum) - recorded))
      }
      guard number % 3600 == 3599 else { continue }
      let hour = start + Int64(number / 3600) * 3_600_000
      let row = expected[number / 3600]
      let sum = bank.sum(of: series, from: hour, to: hour + 3_600_000)
      #expect(sum.ringSeconds == 60 && sum.bucket.covered(of: 3600) == 3600)
      let level = try laeq(sum.bucket)
      #expect(abs(level - row[0]) <= 0.01)
      let found = bank.classes(of: series, from: hour, to: hour + 3_600_000)
      let classes = try #require(found)
      #expect(classes.total == 3600)
      for (percent, level) in zip([Int64(10), 50, 90], row[1...]) {
        let ours = try #require(classes.level(exceededFor: percent))
        #expect(abs(Double(ours) / 1000 - level) <= 0.5, "L\(percent) of hour \(number / 3600)")
      }
    }
    #expect(largest <= 0.001, "\(largest) dB")
  }
}
