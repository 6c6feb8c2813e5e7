// Where a gateway goes on: the newest checkpoint, and what the journal holds beyond it.

public import Configuration
public import Core
internal import CoolIslands
public import Quantities
public import Store

/// What a store amounts to.
public struct Recovered: ~Copyable, Sendable {
  /// The core after the last entry.
  public var world: World
  /// The configuration in force.
  public var configured: Configured
  /// Its text.
  public var text: ConfigurationText
  /// What the last connection stored.
  public var redeliveries: Redeliveries
  /// What earlier configurations left at the broker.
  public var leftovers: Leftovers
  /// Entries that were read.
  public var entries: Int64
  /// The number of the checkpoint that it began with, and the last entry that this one needs not; 0 without one.
  public var checkpoint: (number: Int64, first: Int64) = (0, 0)
  /// What the history does not hold yet.
  var historian = Historian()

  /// Hands the core over; there is one of it.
  consuming func finish() -> World { world }
}

/// Feeds entries to a core, configurations included.
public struct Replayer: ~Copyable, Sendable {
  /// The core.
  public internal(set) var world = World()
  /// The configuration in force; nil before the first.
  public internal(set) var configured: Configured?
  var lastText: ConfigurationText?

  /// A core that knows nothing.
  public init() {}

  /// Takes an entry.
  ///
  /// - Returns: what follows from it.
  public mutating func take(_ entry: Entry) -> [Effect] {
    guard case .configuration(let at, let text) = entry else { return world.ingest(entry) }
    // What was journalled was usable then; a version that reads it otherwise keeps what it has.
    guard let new = ConfigurationReader.values(text).configured else { return [] }
    configured = new
    lastText = text
    return world.configure(new.city, at: at)
  }

  /// Hands the core over; there is one of it.
  public consuming func finish() -> World { world }

  /// Lets time pass without an entry.
  public mutating func advance(to instant: Instant) -> [Effect] { world.advance(to: instant) }

  /// Lets time pass up to a moment of which more may come.
  public mutating func advance(before instant: Instant) -> [Effect] { world.advance(before: instant) }
}

/// Reads stores back.
public enum Recovery {
  /// Entries of one batch; lines that cannot be read are reported and skipped.
  public static func entries(of batch: JournalBatch) -> [Entry] {
    guard batch.isIntact else {
      Log.error(
        "journal_damaged",
        "entries \(batch.position) to \(batch.position + batch.entries - 1) of the journal are "
          + (batch.isMissing ? "missing" : "damaged and left out"))
      // Configurations are stored twice, since everything behind them depends on them.
      return batch.configurations.compactMap { try? Entry(line: $0.line) }
    }
    var entries: [Entry] = []
    entries.reserveCapacity(Int(batch.entries))
    var start = 0
    while start < batch.lines.count {
      let line = JSONLines.line(at: start, of: batch.lines.span)
      start = line.upperBound + 1
      do {
        entries.append(try Entry(line: line, of: batch.lines))
      } catch {
        Log.error("journal_damaged", "an entry near \(batch.position) of the journal is left out: \(error)")
      }
    }
    return entries
  }

  /// Reads a store back: from its newest usable checkpoint, or from where the journal begins.
  ///
  /// - Parameters:
  ///   - database: the gateway's database.
  ///   - today: the configuration as it stands in files now, where the one of then cannot be read.
  ///   - progress: told now and then how many of how many entries have been read.
  /// - Returns: what the store amounts to; ``Resumption/finish(text:configured:now:)`` puts today's configuration on it.
  /// - Throws: ``StoreError``.
  public static func read(
    _ database: Database, otherwise today: (text: ConfigurationText, configured: Configured),
    progress: @escaping (Int64, Int64) -> Void = { _, _ in }
  ) throws(StoreError) -> Resumption {
    for checkpoint in try database.checkpoints() {
      do throws(RecoveryError) {
        var resumption = try Resumption.from(checkpoint, database, progress)
        try resumption.readOn()
        return resumption
      } catch {
        switch error {
        case .store(let error): throw error
        case .unusable(let reason):
          Log.error("checkpoint_damaged", "checkpoint \(checkpoint.run) is not used: \(reason)")
        }
      }
    }
    do throws(RecoveryError) {
      var resumption = try Resumption.fromTheBeginning(of: database, otherwise: today, progress)
      try resumption.readOn()
      return resumption
    } catch {
      switch error {
      case .store(let error): throw error
      case .unusable(let reason): throw StoreError(code: 0, attempt: "recovering", detail: reason)
      }
    }
  }
}

/// Why a start from somewhere failed.
enum RecoveryError: Error {
  /// The disk.
  case store(StoreError)
  /// What is on it.
  case unusable(String)
}
