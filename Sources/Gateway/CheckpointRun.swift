// A checkpoint under way: series by series between the batches, then everything else at once.

internal import Core
internal import Quantities
internal import Store

/// What is in a checkpoint beside the series.
struct CheckpointState {
  /// The version of what follows; another one is not read.
  private static let version: Int64 = 5

  /// Writes or reads the version and the configuration in force, which everything else depends on.
  static func head(_ archive: inout Archive, _ text: inout ConfigurationText) {
    var version = Self.version
    archive.field(&version)
    guard version == Self.version else { return archive.damage() }
    archive.list(&text.files, blank: .init(name: "", text: [])) {
      $0.field(&$1.name)
      $0.field(&$1.text)
    }
    archive.field(&text.zone)
  }

  /// Writes or reads the rest; each part is described where it lives.
  static func archive(
    _ archive: inout Archive, _ world: inout World, _ redeliveries: inout Redeliveries, _ leftovers: inout Leftovers
  ) {
    world.archive(&archive)
    redeliveries.archive(&archive)
    leftovers.archive(&archive)
  }
}

/// A checkpoint that is being written.
struct CheckpointRun {
  let number: Int64
  /// The last entry when it began, and core time.
  let first: Int64
  private let clock: Instant
  private var next = 0

  init(number: Int64, first: Int64, clock: Instant) {
    self.number = number
    self.first = first
    self.clock = clock
  }

  /// The next slice.
  ///
  /// - Parameters:
  ///   - world: the core as it is after the last entry.
  ///   - position: the last entry.
  ///   - limit: bytes of series after which it ends.
  /// - Returns: the slice, and whether everything else is to close the run with it.
  mutating func slice(
    _ world: borrowing World, position: Int64, bytes limit: Int
  ) -> (slice: CheckpointSlice, closes: Bool) {
    var slice = CheckpointSlice(run: number, begins: next == 0, rows: [], closing: nil)
    var bytes = 0
    while next < world.seriesCount, bytes < limit {
      let image = world.image(of: next)
      slice.rows.append(
        SeriesRow(series: next, position: position, arrival: image.arrival?.milliseconds, bytes: image.bytes))
      bytes += image.bytes.count
      next += 1
    }
    return (slice, slice.rows.isEmpty || next == world.seriesCount && bytes < limit / 2)
  }

  /// What closes the run at a position.
  func closing(_ state: [UInt8], position: Int64) -> Checkpoint {
    Checkpoint(run: number, first: first, last: position, clock: clock.milliseconds, state: state)
  }
}
