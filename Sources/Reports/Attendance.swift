// When one sensor was due, when it was heard, and for how long it was silent.

internal import CoolIslands
internal import Quantities
internal import RingSeries
internal import SensorProtocol
internal import Store

/// The hours of one sensor.
///
/// It is due from the first reading that the history keeps of it, since before that it hung nowhere; not while the gateway was not
/// there to hear it; and not in school hours where all it measures is left out then.
struct Attendance {
  private let sensor: Sensor
  private let frame: SeasonFrame
  /// Seconds that its readings cover, hour by hour.
  private var heard: [Int64]
  /// Whether the history keeps something of it from before the grid.
  private var isOld = false

  /// Nothing is known yet.
  init(of sensor: Sensor, _ frame: SeasonFrame) {
    (self.sensor, self.frame) = (sensor, frame)
    heard = Array(repeating: 0, count: frame.grid.count)
  }

  /// Takes in one of its series.
  ///
  /// - Throws: `StoreError`.
  mutating func take(_ series: HourSeries, of field: Field) throws(StoreError) {
    for hour in heard.indices { heard[hour] = max(heard[hour], series.buckets[hour].seconds) }
    guard !isOld, let day = try frame.history.firstDay(sensor: sensor.id, field: field.rawValue) else { return }
    isOld = day < frame.grid.first.daysSinceEpoch
  }

  /// The hours since its first reading, of those that the history knows; nil if it was never heard until then.
  private var known: Range<Int>? {
    if isOld { return frame.hours }
    guard let first = heard.firstIndex(where: { $0 > 0 }), first < frame.hours.upperBound else { return nil }
    return max(first, frame.hours.lowerBound)..<frame.hours.upperBound
  }

  /// Whether it was never heard until the end.
  var isUnheard: Bool { known == nil }

  /// How much of its time it was heard.
  ///
  /// - Parameter isOff: hours in which nothing of it is taken in; nil for none.
  /// - Returns: seconds in which it was heard, of those in which it was due, by the number of the day.
  func shares(isOff: [Bool]?) -> [Int: (covered: Int64, due: Int64)] {
    guard let known else { return [:] }
    var shares: [Int: (covered: Int64, due: Int64)] = [:]
    // What reports once in six hours is heard in one of them.
    let step = Int(max(1, (sensor.period + 3599) / 3600))
    for first in stride(from: known.lowerBound, to: known.upperBound, by: step) {
      let hours = (first..<min(first + step, known.upperBound)).filter { isOff?[$0] != true }
      let due = hours.reduce(Int64(0)) { $0 + 3600 - frame.absent[$1] }
      let covered = min(due, hours.reduce(Int64(0)) { $0 + heard[$1] })
      let day = frame.grid.day[first]
      shares[day, default: (0, 0)] = ((shares[day]?.covered ?? 0) + covered, (shares[day]?.due ?? 0) + due)
    }
    return shares
  }

  /// When it said nothing for longer than its patience.
  ///
  /// - Parameters:
  ///   - place: where it is; nil for a station.
  ///   - isOff: hours in which nothing of it is taken in; nil for none.
  /// - Returns: the silences, by whole hours, in order of time.
  func silences(place: String?, isOff: [Bool]?) -> [Silence] {
    guard let known else { return [] }
    let patience = max(1, (sensor.staleAfter.seconds + 3599) / 3600)
    var silences: [Silence] = []
    var run: (first: Int, hours: Int64)?
    func close(isOpen: Bool) {
      guard let run, run.hours >= patience else { return }
      silences.append(
        Silence(
          place: place, sensor: sensor.id, begin: Instant(milliseconds: frame.grid.start(of: run.first)),
          hours: run.hours, isOpen: isOpen))
    }
    // An hour of which the gateway missed more than half says nothing about the sensor.
    for hour in known where isOff?[hour] != true && frame.absent[hour] <= 1800 {
      if heard[hour] == 0 {
        run = (run?.first ?? hour, (run?.hours ?? 0) + 1)
      } else {
        close(isOpen: false)
        run = nil
      }
    }
    close(isOpen: true)
    return silences
  }
}
