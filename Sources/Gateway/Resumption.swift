// One attempt to go on from somewhere: from a checkpoint, or from where the journal begins.
//
// A checkpoint's series were taken one after the other while entries came, so each is first brought up to the moment
// of the rest of the state; from there on entries count for everything.

public import Configuration
public import Core
internal import CoolIslands
public import Quantities
internal import RingSeries
public import Store

/// A store that has been read back.
public struct Resumption: ~Copyable {
  private var replayer = Replayer()
  private var redeliveries = Redeliveries()
  private var leftovers = Leftovers()
  private var historian = Historian()
  private let database: Database
  private let progress: (Int64, Int64) -> Void
  private let checkpoint: (number: Int64, first: Int64)
  /// The first entry that is read, and the next one.
  private let start: Int64
  private var position: Int64
  private var count: Int64 = 0
  private var sweptAt: Instant = .distantPast

  private init(
    _ database: Database, from start: Int64, checkpoint: (number: Int64, first: Int64),
    _ progress: @escaping (Int64, Int64) -> Void
  ) {
    self.database = database
    self.progress = progress
    self.checkpoint = checkpoint
    self.start = start
    position = start
  }

  /// From where the journal begins.
  ///
  /// - Parameters:
  ///   - database: the store.
  ///   - today: the configuration that stands in when the one of then cannot be read.
  ///   - progress: told now and then how far it has come.
  /// - Returns: an attempt that is about to read the first entry.
  /// - Throws: ``RecoveryError``.
  static func fromTheBeginning(
    of database: Database, otherwise today: (text: ConfigurationText, configured: Configured),
    _ progress: @escaping (Int64, Int64) -> Void
  ) throws(RecoveryError) -> Resumption {
    let first = try RecoveryError.store { () throws(StoreError) in try database.firstPosition() }
    var resumption = Resumption(database, from: first, checkpoint: (0, 0), progress)
    guard first > 1 else { return resumption }
    let (stored, at) = try RecoveryError.store { () throws(StoreError) in
      (try database.configuration(before: first), Instant(milliseconds: try database.firstMoment() ?? 0))
    }
    Log.warning(
      "recovered_partly",
      "there is no checkpoint, and the journal begins at entry \(first): values are exact for what came since \(at.rfc3339())"
    )
    // At the moment from which on something is known: of the time since then nothing must be told anew.
    if let stored, let before = try? Entry(line: stored.line) { resumption.take(before.moved(to: at)) }
    if resumption.replayer.configured == nil {
      Log.error("configuration_damaged", "the configuration of entry \(first) cannot be read; today's stands in for it")
      resumption.take(.configuration(at, today.text))
    }
    resumption.count = 0  // it was read before
    resumption.replayer.world.begin(after: at)
    return resumption
  }

  /// From a checkpoint.
  static func from(
    _ checkpoint: Checkpoint, _ database: Database, _ progress: @escaping (Int64, Int64) -> Void
  ) throws(RecoveryError) -> Resumption {
    guard checkpoint.isIntact else { throw .unusable("its checksum does not hold") }
    guard checkpoint.last < database.nextPosition else { throw .unusable("the journal ends before it") }
    var resumption = Resumption(
      database, from: checkpoint.first + 1, checkpoint: (checkpoint.run, checkpoint.first), progress)
    try resumption.resume(checkpoint)
    return resumption
  }

  private mutating func resume(_ checkpoint: Checkpoint) throws(RecoveryError) {
    var archive = Archive(reading: checkpoint.state)
    var text = ConfigurationText(files: [], zone: [])
    CheckpointState.head(&archive, &text)
    guard !archive.isDamaged, let configured = ConfigurationReader.values(text).configured else {
      throw .unusable("its configuration cannot be read")
    }
    replayer.world = World(resuming: configured.city, at: Instant(milliseconds: checkpoint.clock))
    replayer.configured = configured
    replayer.lastText = text
    historian.reconfigured(configured.city)
    let (database, series) = (database, replayer.world.seriesCount)
    let rows = try RecoveryError.store { () throws(StoreError) in
      try database.series(ofRun: checkpoint.run, count: series)
    }
    try catchUp(rows, until: checkpoint.last)
    CheckpointState.archive(&archive, &replayer.world, &redeliveries, &leftovers)
    guard archive.isComplete else { throw .unusable("its state cannot be read") }
    sweptAt = replayer.world.now
    position = checkpoint.last + 1
  }

  /// Puts each series back where the journal had come to when it was taken, and gives it what followed.
  private mutating func catchUp(_ rows: [SeriesRow], until last: Int64) throws(RecoveryError) {
    let seriesCount = replayer.world.seriesCount
    guard rows.map({ $0.series }) == Array(0..<seriesCount) else { throw .unusable("series are missing") }
    var restored = 0
    var failure: RecoveryError?
    func restore(before position: Int64, _ world: inout World) throws(RecoveryError) {
      while restored < rows.count, rows[restored].position < position {
        let row = rows[restored]
        do {
          try world.restore(
            row.bytes, arrival: row.arrival.map(Instant.init(milliseconds:)), to: row.series)
        } catch {
          throw .unusable("series \(row.series): \(error)")
        }
        restored += 1
      }
    }
    let (database, start) = (database, start)
    try RecoveryError.store { () throws(StoreError) in
      try database.read(from: start) { batch in
        guard batch.position <= last else { return false }
        do throws(RecoveryError) {
          try restore(before: batch.position, &replayer.world)
          for entry in Recovery.entries(of: batch) {
            switch entry {
            case .configuration, .clock: throw .unusable("it goes on across a change of configuration or clock")
            default: replayer.world.catchUp(with: entry) { $0 < restored }
            }
          }
          return true
        } catch {
          failure = error
          return false
        }
      }
    }
    if let failure { throw failure }
    try restore(before: last + 1, &replayer.world)
    guard restored == rows.count else { throw .unusable("series are of a later moment than its state") }
  }

  /// Takes everything behind the position.
  mutating func readOn() throws(RecoveryError) {
    let total = database.nextPosition - start
    var failure: StoreError?
    let (database, from) = (database, position)
    try RecoveryError.store { () throws(StoreError) in
      try database.read(from: from) { batch in
        position = batch.position
        do throws(StoreError) {
          for entry in Recovery.entries(of: batch) {
            try writeHistory(before: entry.at)
            take(entry)
            position += 1
          }
        } catch {
          failure = error
          return false
        }
        position = batch.position + batch.entries
        progress(position - start, total)
        return true
      }
    }
    if let failure { throw .store(failure) }
    // Time had passed when the process ended, if something is known to have happened meanwhile.
    let reached = try RecoveryError.store { () throws(StoreError) in try database.lastTransition() }
    guard let reached = reached.map(Instant.init(milliseconds:)), reached >= replayer.world.now else { return }
    try RecoveryError.store { () throws(StoreError) in try writeHistory(before: reached) }
    // What happened at that moment has been judged: what comes now is of a later one.
    historian.note(replayer.advance(before: reached + .milliseconds(1)), of: position)
  }

  private mutating func take(_ entry: Entry) {
    let old: Configured? = if case .configuration = entry { replayer.configured } else { nil }
    if case .clock(let from, let to) = entry {
      historian.clockSet(from: from, to: to, at: replayer.world.now, of: position)
    }
    historian.note(replayer.take(entry), of: position)
    if case .configuration = entry, let new = replayer.configured {
      if let old { leftovers.replaced(old: old, new: new) }
      historian.reconfigured(new.city)
    }
    redeliveries.stored(entry)
    count += 1
  }

  /// A long journal holds more than the rings: what they are about to forget goes to the history on the way.
  ///
  /// - Parameter next: the moment to which time passes next.
  /// - Throws: ``StoreError``.
  private mutating func writeHistory(before next: Instant) throws(StoreError) {
    if sweptAt == .distantPast || next < sweptAt { sweptAt = max(next, replayer.world.now) }
    let isDue = historian.isLeap(from: sweptAt, to: next)
    guard isDue || historian.isFull else { return }
    try historian.sweep(&replayer.world, database, position: position - 1, until: isDue ? next : sweptAt)
    if isDue { sweptAt = next }
  }

  /// How far time has come; `.distantPast` in a store that holds nothing.
  public var reached: Instant { replayer.world.now }

  /// Puts the configuration of today into effect if it is not the one in force, and hands over what there is.
  ///
  /// - Parameters:
  ///   - text: the configuration as it stands in files now.
  ///   - configured: its values.
  ///   - now: core time.
  /// - Returns: what a gateway goes on with.
  /// - Throws: ``StoreError``.
  public consuming func finish(
    text: ConfigurationText, configured: Configured, now: Instant
  ) throws(StoreError) -> Recovered {
    if replayer.lastText != text {
      let isFirst = replayer.configured == nil
      let entry = Entry.configuration(max(now, reached), text)
      position = database.nextPosition
      try writeHistory(before: entry.at)
      try database.append([entry])
      take(entry)
      count -= 1
      // Of what the journal holds before its first usable configuration only the history may know.
      if isFirst && position > 1 { replayer.world.begin(after: entry.at) }
    }
    return Recovered(
      world: replayer.finish(), configured: configured, text: text, redeliveries: redeliveries, leftovers: leftovers,
      entries: count, checkpoint: checkpoint, historian: historian)
  }
}

extension RecoveryError {
  /// Calls something that only the disk can fail.
  fileprivate static func store<Result>(_ body: () throws(StoreError) -> Result) throws(RecoveryError) -> Result {
    do throws(StoreError) { return try body() } catch { throw .store(error) }
  }
}

extension Database {
  /// Appends entries as one batch.
  ///
  /// - Throws: ``StoreError``; then nothing of it is stored.
  public func append(_ entries: [Entry]) throws(StoreError) {
    guard let batch = Commit.Batch(entries) else { return }
    var commit = Commit()
    commit.batch = batch
    try self.commit(commit)
  }
}

extension Commit.Batch {
  /// The batch of some entries; nil if there are none.
  init?(_ entries: [Entry]) {
    guard let last = entries.last else { return nil }
    var lines = JSONLines()
    var configurations: [(index: Int64, line: [UInt8])] = []
    for (index, entry) in entries.enumerated() {
      lines.append(entry)
      guard case .configuration = entry else { continue }
      var own = JSONLines()
      own.append(entry)
      configurations.append((Int64(index), own.bytes))
    }
    self.init(
      lines: lines.bytes, entries: Int64(entries.count), at: last.at.milliseconds, configurations: configurations)
  }
}
