// Brings what the rings will forget into the history: closed quarter hours, readings that came too late for them, and
// transitions. Everything is prepared for a commit, and let go only when the commit is on the disk.

internal import Core
internal import CoolIslands
internal import Publication
internal import Quantities
internal import RingSeries
internal import Store

/// What waits for the history.
struct Historian {
  /// Days of series that go with one commit at most.
  var daysPerCommit = 64
  /// Transitions that are kept at most while nothing can be stored.
  private static let mostTransitions = 200_000
  /// Bytes of a text in the audit log at most.
  private static let longestText = 2000
  /// Time that a clock leapt over, from which on the history says that nobody was there.
  private static let shortestGap = Span.minutes(15)

  private var transitions: [HistoryTransition] = []
  private var acts: [Act] = []
  private var coverage: [HistoryCoverage] = []
  private var gaps: [HistoryGap] = []
  private var pieces: [(piece: Piece, position: Int64)] = []
  /// The sweep under way: up to which quarter hour, and the next series.
  private var sweep: (end: Instant, next: Int)?
  private var sweptUntil: Instant = .distantPast
  private var heldUntil: Instant = .distantPast
  /// How far back the rings of quarter hours reach.
  private var ringSpan = Span.hours(1)

  /// Something that the history must take in the order of the journal, and once.
  private enum Piece {
    case readings(HistoryPiece)
    case setBack(Instant)
  }

  /// What is stored with one commit, and what follows once it is.
  struct Work {
    var days: [HistoryDay] = []
    var transitions: [HistoryTransition] = []
    var acts: [Act] = []
    var coverage: [HistoryCoverage] = []
    var gaps: [HistoryGap] = []
    /// Days that a clock which ran ahead has written.
    var forget: [Commit.Forgotten] = []
    fileprivate var pieces = 0

    /// Adds it to what is stored.
    func join(_ commit: inout Commit) {
      (commit.days, commit.transitions, commit.acts, commit.forget) = (days, transitions, acts, forget)
      (commit.coverage, commit.gaps) = (coverage, gaps)
    }

    fileprivate var written: [(series: Int, until: Instant)] = []
    fileprivate var sweep: (end: Instant, next: Int)?
  }

  /// Whether more is waiting than should be kept in memory.
  var isFull: Bool { pieces.count + transitions.count > 5000 }

  /// Whether a sweep is under way.
  var isSweeping: Bool { sweep != nil }

  /// Keeps what the history needs of some effects.
  ///
  /// - Parameters:
  ///   - effects: what followed.
  ///   - entry: the position of the entry that they follow from; transitions follow from the time before it.
  mutating func note(_ effects: [Effect], of entry: Int64) {
    for effect in effects {
      switch effect {
      case .transition(let transition):
        transitions.append(
          HistoryTransition(
            place: transition.place, at: transition.at.milliseconds, indicator: transition.indicator.rawValue,
            position: entry - 1, before: transition.from, after: transition.to,
            reasons: transition.reasons.map(\.rawValue)))
      case .history(let piece): pieces.append((.readings(piece), entry))
      case .command(let result) where result.isNews:
        // A command by MQTT may be as long as a bulletin.
        func short(_ text: String) -> String {
          // A character may be made of any number of others.
          text.utf8.count <= Self.longestText ? text : String(text.unicodeScalars.prefix(Self.longestText / 4))
        }
        acts.append(
          Act(
            position: entry, at: result.at.milliseconds, what: short(result.topic), by: result.by.map(short),
            reason: result.reason.map(short), isFromPort: result.isFromPort, before: short(result.before),
            after: short(result.after), refusal: result.refusal.map(short)))
      case .coverage(let moment):
        coverage.append(
          HistoryCoverage(at: moment.at.milliseconds, people: moment.total, covered: moment.covered))
      case .heat, .command: break
      }
    }
    // While nothing can be stored they pile up; memory has an end.
    guard transitions.count > Self.mostTransitions else { return }
    Log.error("history_incomplete", "\(Self.mostTransitions / 2) transitions could not be stored and are forgotten")
    transitions.removeFirst(Self.mostTransitions / 2)
  }

  /// Takes over what the rings are about to forget while nothing can be stored.
  ///
  /// - Parameters:
  ///   - world: the core, as it is after the last entry.
  ///   - position: the last entry.
  ///   - now: the moment to which time passes next.
  mutating func hold(_ world: inout World, position: Int64, before now: Instant) {
    guard isLeap(from: max(sweptUntil, heldUntil), to: now) else { return }
    heldUntil = now
    pieces += world.takeUnwritten(until: now).map { (.readings($0), position) }
  }

  /// Whether between two moments lies so much time that the rings may forget what the history does not know.
  func isLeap(from: Instant, to: Instant) -> Bool { to - from > .milliseconds(ringSpan.milliseconds / 2) }

  /// Begins a sweep over all series if quarter hours have closed since the last one.
  mutating func beginSweep(at now: Instant) {
    let end = now.floored(toMilliseconds: City.quarter)
    if sweep == nil, end > sweptUntil { sweep = (end, 0) }
  }

  /// What the next commit takes.
  ///
  /// - Parameters:
  ///   - world: the core, as it is after the last entry.
  ///   - store: where the days lie.
  ///   - position: the last entry.
  /// - Returns: days and transitions.
  /// - Throws: ``StoreError`` when days cannot be read.
  func work(_ world: borrowing World, _ store: any GatewayStore, position: Int64) throws(StoreError) -> Work {
    var work = Work(
      transitions: transitions, acts: acts, coverage: coverage, gaps: gaps, pieces: pieces.count, sweep: sweep)
    guard !pieces.isEmpty || sweep != nil, let zone = world.city?.zone else { return work }
    var days = OpenDays(store: store, zone: zone, position: position)
    for (piece, position) in pieces {
      switch piece {
      case .readings(let readings): try days.take(readings, of: position)
      case .setBack(let instant): try days.forget(after: instant, of: position)
      }
    }
    if let sweep {
      let count = world.seriesCount
      var next = sweep.next
      while next < count, days.count < daysPerCommit {
        if let from = world.withState({ $0.unwrittenFrom(series: next) }) ?? nil, from < sweep.end {
          if try days.set(series: next, from: from, to: sweep.end, world) { work.written.append((next, sweep.end)) }
        }
        next += 1
      }
      work.sweep = next < count ? (sweep.end, next) : nil
    }
    work.days = days.rows
    work.forget = days.forgotten
    return work
  }

  /// Stores all that the history does not know, whatever it takes.
  ///
  /// - Parameters:
  ///   - world: the core, as it is after the last entry.
  ///   - store: where the days lie.
  ///   - position: the last entry.
  ///   - end: the moment whose quarter hour is not over yet.
  /// - Throws: ``StoreError``; what could be stored is.
  mutating func sweep(
    _ world: inout World, _ store: any GatewayStore, position: Int64, until end: Instant
  ) throws(StoreError) {
    guard world.city != nil else { return }  // it has no series
    sweep = (end.floored(toMilliseconds: City.quarter), 0)  // whatever an earlier one has come to
    repeat {
      let work = try work(world, store, position: position)
      var commit = Commit()
      work.join(&commit)
      try store.commit(commit)
      stored(work, &world)
    } while isSweeping
  }

  /// The commit is on the disk.
  mutating func stored(_ work: Work, _ world: inout World) {
    transitions.removeFirst(work.transitions.count)
    acts.removeFirst(work.acts.count)
    coverage.removeFirst(work.coverage.count)
    gaps.removeFirst(work.gaps.count)
    pieces.removeFirst(work.pieces)
    for (series, until) in work.written { world.markWritten(series: series, until: until) }
    if let sweep, work.sweep == nil { sweptUntil = sweep.end }
    sweep = work.sweep
  }

  /// The clock was set; if back, what it had not come to yet is forgotten with the next commit.
  ///
  /// - Parameters:
  ///   - from: what it showed.
  ///   - to: what it shows now.
  ///   - now: how far the core's time has come.
  ///   - entry: the position of the entry that says so.
  mutating func clockSet(from: Instant, to: Instant, at now: Instant, of entry: Int64) {
    if to - from >= Self.shortestGap { gaps.append(HistoryGap(from: from.milliseconds, until: to.milliseconds)) }
    guard to < max(from, now) else { return }
    pieces.append((.setBack(to), entry))
    sweep = nil
    sweptUntil = .distantPast
    heldUntil = .distantPast
  }

  /// Another configuration: the sweep's numbers mean nothing now.
  mutating func reconfigured(_ city: City) {
    ringSpan = city.quartersHeld
    if let sweep { self.sweep = (sweep.end, 0) }
  }
}

/// Days of series that are being changed for one commit.
private struct OpenDays {
  private struct Key: Hashable, Comparable {
    let sensor: String
    let field: String
    let day: CivilDay

    static func < (a: Key, b: Key) -> Bool { (a.sensor, a.field, a.day) < (b.sensor, b.field, b.day) }
  }

  private struct Open {
    let start: Instant
    /// The last entry that the stored row knows of.
    let known: Int64
    var quarters: PackedBuckets

    /// Another bucket takes the place of one; that it was written before will be seen.
    mutating func replace(_ index: Int, with bucket: Bucket) {
      let before = quarters.entries[index]
      guard before.bucket != bucket else { return }
      quarters.entries[index] = .init(bucket, isRevised: before.isRevised || before.bucket.count > 0)
    }
  }

  private let store: any GatewayStore
  private let zone: CivilZone
  private let position: Int64
  private var days: [Key: Open] = [:]
  /// Days that go before the others are written.
  private(set) var forgotten: [Commit.Forgotten] = []

  init(store: any GatewayStore, zone: CivilZone, position: Int64) {
    self.store = store
    self.zone = zone
    self.position = position
  }

  var count: Int { days.count }

  /// A piece is taken once.
  mutating func take(_ piece: HistoryPiece, of position: Int64) throws(StoreError) {
    let key = Key(sensor: piece.sensor, field: piece.field, day: zone.civil(piece.time).day)
    var open = try open(key)
    // What replaces may do so again: nothing was added since.
    guard position > open.known || piece.replaces && position == open.known else { return }
    let index = Int((piece.time - open.start).milliseconds / City.quarter)
    guard open.quarters.entries.indices.contains(index) else { return }
    var bucket = piece.replaces ? Bucket() : open.quarters.entries[index].bucket
    bucket.combine(piece.bucket)
    open.replace(index, with: bucket)
    days[key] = open
  }

  /// The quarter hours of a range are what the rings say, as far as these reach back.
  ///
  /// - Returns: whether the history knows them now. A recovery comes across days that are of a later moment than it has
  ///   come to: they know what it will come to, and stay as they are.
  mutating func set(
    series: Int, from: Instant, to end: Instant, _ world: borrowing World
  ) throws(StoreError) -> Bool {
    guard let name = world.withState({ $0.name(ofSeries: series) }) else { return true }
    var isWritten = true
    var day = zone.civil(from).day
    while true {
      let start = zone.instant(day, secondOfDay: 0)
      guard start < end else { return isWritten }
      let key = Key(sensor: name.sensor, field: name.field, day: day)
      day = day.adding(days: 1)
      var open = try open(key)
      guard position >= open.known else {
        isWritten = false
        continue
      }
      let first = max(from, start)
      let last = min(end, start + .milliseconds(Int64(open.quarters.entries.count) * City.quarter))
      if first < last, let held = world.withState({ $0.quarters(ofSeries: series, from: first, to: last) }) {
        for (number, bucket) in held.buckets.enumerated() {
          let quarter = first + .milliseconds(Int64(number) * City.quarter)
          let index = Int((quarter - start).milliseconds / City.quarter)
          guard quarter >= held.heldFrom, open.quarters.entries.indices.contains(index) else { continue }
          open.replace(index, with: bucket)
        }
      }
      days[key] = open
    }
  }

  /// The clock was set back: what lies after its quarter hour has not come yet.
  mutating func forget(after instant: Instant, of position: Int64) throws(StoreError) {
    let today = zone.civil(instant).day
    forgotten.append(.init(after: today.daysSinceEpoch, before: position))
    for (key, open) in days where key.day > today && position > open.known { days[key] = nil }
    let stored = try store.names(ofDay: today.daysSinceEpoch).map {
      Key(sensor: $0.sensor, field: $0.field, day: today)
    }
    for key in Set(stored).union(days.keys.filter { $0.day == today }) {
      var open = try open(key)
      guard position > open.known else { continue }
      let running = Int((instant - open.start).milliseconds / City.quarter)
      for index in open.quarters.entries.indices where index > running { open.quarters.entries[index] = .init() }
      days[key] = open
    }
  }

  private func open(_ key: Key) throws(StoreError) -> Open {
    if let known = days[key] { return known }
    let start = zone.instant(key.day, secondOfDay: 0)
    let length = zone.instant(key.day.adding(days: 1), secondOfDay: 0) - start
    let count = Int(length.milliseconds / City.quarter)
    var row = try store.day(key.day.daysSinceEpoch, sensor: key.sensor, field: key.field)
    if let stored = row, forgotten.contains(where: { $0.after < stored.day && stored.position < $0.before }) {
      row = nil
    }
    var quarters = PackedBuckets(count: count)
    if let row, let bytes = row.quarters {
      do {
        let stored = try PackedBuckets(bytes: bytes)
        // Of another time zone: each quarter hour stays at its moment.
        let shift = Int((row.start - start.milliseconds) / City.quarter)
        for (index, entry) in stored.entries.enumerated() where quarters.entries.indices.contains(index + shift) {
          quarters.entries[index + shift] = entry
        }
      } catch {
        Log.error("history_damaged", "\(key.sensor) \(key.field) of \(key.day.text) is damaged and begun anew")
      }
    }
    return Open(start: start, known: row?.position ?? 0, quarters: quarters)
  }

  /// The rows, in order.
  var rows: [HistoryDay] {
    days.sorted { $0.key < $1.key }.map { key, open in
      HistoryDay(
        sensor: key.sensor, field: key.field, day: key.day.daysSinceEpoch, start: open.start.milliseconds,
        position: position, quarters: open.quarters.bytes, hours: open.quarters.combined(by: 4).bytes,
        whole: open.quarters.combined(by: max(1, open.quarters.entries.count)).bytes)
    }
  }
}
