// A world put down for a checkpoint, and taken up again.

public import CoolIslands
public import Quantities
public import RingSeries
internal import SensorProtocol

extension World {
  /// A world that is about to be what another was: a city of which nothing is known yet.
  ///
  /// - Parameters:
  ///   - city: what was configured then.
  ///   - instant: when the other was begun to be put down.
  public init(resuming city: City, at instant: Instant) {
    self.init()
    state = CityState(city: city, at: instant)
    isConfigured = true
    now = instant
  }

  /// How many series there are.
  public var seriesCount: Int { withState { $0.seriesCount } ?? 0 }

  /// A series as bytes, and when its counter's last total arrived.
  public func image(of series: Int) -> (bytes: [UInt8], arrival: Instant?) {
    withState { $0.image(of: series) } ?? ([], nil)
  }

  /// Puts a series back.
  ///
  /// - Throws: ``SnapshotError``; then nothing has changed.
  public mutating func restore(_ bytes: [UInt8], arrival: Instant?, to series: Int) throws(SnapshotError) {
    try state.restore(bytes, arrival: arrival, to: series)
  }

  /// Takes an entry into some series and nothing else: see ``CityState/catchUp(_:topic:arrival:where:)``.
  ///
  /// - Parameters:
  ///   - entry: the entry.
  ///   - isWanted: whether a series has not seen it yet.
  public mutating func catchUp(with entry: Entry, where isWanted: (Int) -> Bool) {
    now = max(now, entry.at)
    state.advance(to: now)
    guard case .message(let message) = entry else { return }
    state.catchUp(message.payload, topic: message.topic, arrival: message.arrival) { isWanted($0.rawValue) }
  }

  /// Writes or reads everything but the series.
  public mutating func archive(_ archive: inout Archive) {
    archive.field(&now)
    archive.field(&heatLevel)
    archive.field(&heatCheckedAt)
    state.archive(&archive)
    guard archive.isReading else { return }
    state.advance(to: now)
    changes = Changes()
    changes.configuration = true
  }

  // MARK: History

  /// All that the history does not know: whoever takes it must see that it gets there.
  public mutating func takeUnwritten(until now: Instant) -> [HistoryPiece] {
    state.takeUnwritten(until: now)
  }

  /// The history knows a series up to a moment.
  public mutating func markWritten(series: Int, until end: Instant) { state.markWritten(series: series, until: end) }

  /// What arrived up to a moment is not known to the series; the history has it.
  public mutating func begin(after instant: Instant) { state.begin(after: instant) }
}

extension Redeliveries {
  /// Writes or reads what is remembered.
  public mutating func archive(_ archive: inout Archive) {
    var now = order.compactMap { packet in current[packet].map { (packet: packet, hash: $0) } }
    var before = previous.sorted { $0.key < $1.key }.map { (packet: $0.key, hash: $0.value) }
    archive.list(&now, blank: (0, 0)) {
      $0.field(&$1.packet)
      $0.field(&$1.hash)
    }
    archive.list(&before, blank: (0, 0)) {
      $0.field(&$1.packet)
      $0.field(&$1.hash)
    }
    guard archive.isReading else { return }
    order = now.map(\.packet)
    current = Dictionary(now.map { ($0.packet, $0.hash) }) { _, last in last }
    previous = Dictionary(before.map { ($0.packet, $0.hash) }) { _, last in last }
  }
}
