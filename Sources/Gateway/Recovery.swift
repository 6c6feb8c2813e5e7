// Where a gateway goes on: the journal is read, and the core is what it makes of it.

public import Configuration
public import Core
public import Quantities
public import Store

/// What a journal amounts to.
public struct Recovered: ~Copyable, Sendable {
  /// The core after the last entry.
  public var world: World
  /// The configuration in force.
  public var configured: Configured
  /// What the last connection stored.
  public var redeliveries: Redeliveries
  /// What earlier configurations left at the broker.
  public var leftovers: Leftovers
  /// Entries that were read.
  public var entries: Int64
}

/// Feeds entries to a core, configurations included.
public struct Replayer: ~Copyable, Sendable {
  /// The core.
  public private(set) var world = World()
  /// The configuration in force; nil before the first.
  public private(set) var configured: Configured?
  private(set) var lastText: ConfigurationText?

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
}

/// Reads journals back.
public enum Recovery {
  /// Entries of one batch; lines that cannot be read are reported and skipped.
  public static func entries(of batch: JournalBatch) -> [Entry] {
    guard batch.isIntact else {
      Log.error(
        "journal_damaged",
        "entries \(batch.position) to \(batch.position + batch.entries - 1) of the journal are damaged and left out")
      return []
    }
    return batch.lines.split(separator: 0x0A).compactMap { line in
      do {
        return try Entry(line: Array(line))
      } catch {
        Log.error("journal_damaged", "an entry near \(batch.position) of the journal is left out: \(error)")
        return nil
      }
    }
  }

  /// Recovers a gateway's state, and puts the given configuration into effect if it is not the one in force.
  ///
  /// - Parameters:
  ///   - journal: the gateway's journal.
  ///   - text: the configuration as it stands in files now.
  ///   - configured: its values.
  ///   - now: core time.
  /// - Returns: what the journal amounts to.
  /// - Throws: ``StoreError``.
  public static func recover(
    _ journal: Journal, text: ConfigurationText, configured: Configured, now: Instant
  ) throws(StoreError) -> Recovered {
    var replayer = Replayer()
    var redeliveries = Redeliveries()
    var count: Int64 = 0
    var leftovers = Leftovers()
    try journal.read { batch in
      for entry in entries(of: batch) {
        let old: Configured? = if case .configuration = entry { replayer.configured } else { nil }
        _ = replayer.take(entry)
        if let old, let new = replayer.configured { leftovers.replaced(old: old, new: new) }
        redeliveries.stored(entry)
        count += 1
      }
      return true
    }
    if replayer.lastText != text {
      let at = max(now, replayer.world.now)
      if let old = replayer.configured { leftovers.replaced(old: old, new: configured) }
      let entry = Entry.configuration(at, text)
      try journal.append([entry])
      _ = replayer.take(entry)
    }
    return Recovered(
      world: replayer.finish(), configured: configured, redeliveries: redeliveries, leftovers: leftovers, entries: count
    )
  }
}

extension Journal {
  /// Appends entries as one batch.
  ///
  /// - Throws: ``StoreError``; then nothing of it is stored.
  public func append(_ entries: [Entry]) throws(StoreError) {
    guard let last = entries.last else { return }
    var lines = JSONLines()
    for entry in entries { lines.append(entry) }
    try append(lines: lines.bytes, entries: Int64(entries.count), at: last.at.milliseconds)
  }
}
