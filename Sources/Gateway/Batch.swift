// What one turn of the gateway stores together.

internal import Core
internal import Quantities
internal import SensorProtocol

/// A batch that is being put together.
struct Batch {
  /// What is stored, in order.
  var entries: [Entry]
  /// What was refused, by sensor; -1 stands for none.
  private var refusals: [Int: [Refusal: Int64]] = [:]
  /// What the broker sent again.
  var redelivered: [Message] = []
  /// Messages that it began with.
  var messages = 0
  /// Those of its entries that somebody waits for, by their place.
  var submissions: [Int: Submission] = [:]

  init(entries: [Entry]) { self.entries = entries }

  /// Counts readings that do not count.
  mutating func refuse(_ refusal: Refusal, _ readings: Int64 = 1, sensor: Int?) {
    refusals[sensor ?? -1, default: [:]][refusal, default: 0] += readings
  }

  /// Appends what was refused as entries, sensor by sensor.
  ///
  /// - Parameters:
  ///   - now: their moment.
  ///   - name: the identifier of a sensor.
  mutating func close(at now: Instant, name: (Int) -> String?) {
    for (sensor, refusals) in refusals.sorted(by: { $0.key < $1.key }) {
      let counts = Refusal.allCases.compactMap { refusal in refusals[refusal].map { RefusalCount(refusal, $0) } }
      entries.append(.refused(now, source: sensor < 0 ? nil : name(sensor), counts))
    }
    refusals = [:]
  }
}

/// Tells apart what comes at the same moment.
///
/// Readings without a time of their own stand at their arrival, and one moment holds one reading: what a sensor sent
/// while nobody listened arrives at once, and is told apart by a millisecond each, up to a second.
struct DistinctArrivals {
  /// When each sensor last sent something, by its index.
  private var last: [Instant] = []

  /// The arrival of a sensor's message.
  ///
  /// - Parameters:
  ///   - arrival: when it came.
  ///   - sensor: the sensor's index.
  ///   - count: how many sensors there are now.
  /// - Returns: the arrival, or a moment shortly after it.
  mutating func distinct(_ arrival: Instant, sensor: Int, of count: Int) -> Instant {
    if last.count != count { last = Array(repeating: .distantPast, count: count) }
    let next = last[sensor] + .milliseconds(1)
    let distinct = next > arrival && next <= arrival + .seconds(1) ? next : arrival
    last[sensor] = distinct
    return distinct
  }
}
