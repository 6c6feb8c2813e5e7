// What was published, for years: each closed quarter of an hour waits in an outbox of its own until it is provably kept.

public import Configuration
internal import Dispatch
public import Publication
public import Quantities
internal import Store
internal import Synchronization

/// What the long history tells the log.
public enum LongHistoryNews: Sendable {
  /// The server does not take quarters, takes them again, or does not keep one that it took.
  case notDelivered, delivered, refused
  /// Too much waited.
  case dropped
  /// The outbox cannot be opened or written, or can be again.
  case outboxFailed, outboxRecovered
}

/// Gives what is published to a VictoriaMetrics, a quarter of an hour at a time.
///
/// A quarter is in the outbox, with the cursor that says so, before it leaves. It counts as delivered when all of it was on
/// the server and still was some time later: by then it is on the server's disk, or a restart had found it there. What is
/// missing is sent again, and nothing else.
///
/// `@unchecked Sendable`: everything but the status and the last snapshot is touched on the queue alone.
public final class LongHistory: @unchecked Sendable {
  /// The name under which the outbox knows the server, whatever its address is today.
  private static let receiver = "long_history"
  /// How often it is looked whether there is something to do.
  private static let interval = DispatchTimeInterval.milliseconds(500)
  /// Bytes of an event, and of events that leave together.
  private static let mostBytes = (event: 256 << 10, batch: 1 << 20)
  /// How often a quarter is imported that is not there afterwards.
  private static let mostImports = 10

  /// Events that leave together.
  private struct Batch {
    var events: [OutboxEvent]
    var values: [[PublishedValue]]
    var imports = 0
    /// Since when all of it is there, as far as the server says.
    var wholeSince: DispatchTime?
  }

  private let settings: Settings.LongHistory
  private let gateway: String
  private let server: VictoriaMetrics
  private let tell: @Sendable (LongHistoryNews, String) -> Void
  private let queue = DispatchQueue(label: "tonnelle.long", qos: .utility)
  private let shown = Mutex(LongHistoryStatus())
  private let latest = Mutex<PublicSnapshot?>(nil)
  private let folder: String
  private var outbox: Outbox?
  private var storeReason: String?
  private var lastError: String?
  private var cursor: Instant?
  private var batch: Batch?
  private var isBusy = false
  private var attempts = 0
  private var notBefore = DispatchTime(uptimeNanoseconds: 0)
  private var timer: (any DispatchSourceTimer)?
  private var isStopping = false

  /// A long history that has not begun; nil for an address that cannot be used.
  ///
  /// - Parameters:
  ///   - settings: where it is, and how much waits for it.
  ///   - token: what the server wants to see, if anything.
  ///   - gateway: the gateway's identifier.
  ///   - folder: the data folder, whose lock the caller holds.
  ///   - tell: takes a sentence for the log.
  public init?(
    _ settings: Settings.LongHistory, token: String?, gateway: String, folder: String,
    tell: @escaping @Sendable (LongHistoryNews, _ text: String) -> Void
  ) {
    guard let server = VictoriaMetrics(url: settings.url, token: token) else { return nil }
    self.settings = settings
    self.server = server
    self.gateway = gateway
    self.folder = folder
    self.tell = tell
  }

  /// Opens the outbox, and begins to send what waits in it.
  public func start() {
    queue.async { [self] in timer = queue.ticking(every: Self.interval) { [weak self] in self?.turn() } }
  }

  /// Stops; what is not provably kept waits in the outbox for the next start.
  public func stop() {
    queue.sync {
      isStopping = true
      timer?.cancel()
      timer = nil
      server.cancel()
      outbox = nil
    }
  }

  /// Takes what is published now; from any thread.
  public func show(_ snapshot: PublicSnapshot) {
    let before = latest.withLock { latest in
      defer { latest = snapshot }
      return latest
    }
    let step = RecentDay.step.milliseconds
    guard snapshot.at.floored(toMilliseconds: step) != before?.at.floored(toMilliseconds: step) else { return }
    queue.async { [self] in collect(snapshot, before: before) }
  }

  /// How it is doing; from any thread.
  public var status: LongHistoryStatus { shown.withLock { $0 } }

  // MARK: Into the outbox

  private func open() throws(StoreError) -> Outbox {
    if let outbox { return outbox }
    let new = try Outbox(folder: folder, file: "long.sqlite", receivers: [Self.receiver])
    cursor = try new.state().flatMap { Int64(String(decoding: $0, as: UTF8.self)) }.map { Instant(milliseconds: $0) }
    outbox = new
    return new
  }

  private func collect(_ snapshot: PublicSnapshot, before: PublicSnapshot?) {
    guard !isStopping else { return }
    stored { () throws(StoreError) in
      let outbox = try open()
      let quarters = PublishedValue.quarters(of: snapshot, before: before, after: cursor, gateway: gateway)
      guard let last = quarters.last?.close else { return }
      var commit = OutboxCommit()
      var number = try outbox.nextNumber()
      for (close, values) in quarters {
        var body: [UInt8] = []
        for (index, value) in values.enumerated() {
          body += value.line
          guard body.count >= Self.mostBytes.event || index == values.count - 1 else { continue }
          // The close is in the name: what waits too long is found by it.
          commit.events.append(OutboxEvent(number: number, id: "\(close.milliseconds)/\(number)", body: body))
          number += 1
          body = []
        }
      }
      commit.state = Array("\(last.milliseconds)".utf8)
      try outbox.commit(commit)
      cursor = last
    }
    show()
  }

  /// Does something with the outbox; what fails is tried again, since the snapshot holds the last 24 hours.
  private func stored(_ work: () throws(StoreError) -> Void) {
    do throws(StoreError) {
      try work()
      if storeReason != nil { tell(.outboxRecovered, "the outbox of the long history can be written again") }
      storeReason = nil
    } catch {
      if storeReason == nil {
        tell(.outboxFailed, "\(error); quarters of an hour that it does not take within a day are lost")
      }
      storeReason = error.description
    }
  }

  // MARK: Out of it

  private func turn() {
    guard !isStopping, !isBusy, notBefore <= .now() else { return }
    if batch == nil { load() }
    if batch != nil { check() }
    if batch == nil || storeReason != nil { show() }
  }

  /// Takes the oldest events that are neither too old nor too many.
  private func load() {
    stored { () throws(StoreError) in
      let outbox = try open()
      var bytes = try outbox.backlog(of: Self.receiver).bytes
      let oldest = (cursor?.milliseconds ?? 0) - settings.keepDays * 86_400_000
      while true {
        var events = try outbox.oldest(for: Self.receiver, mostBytes: Self.mostBytes.batch)
        let gone = events.prefix { event in
          let isOver = Self.close(of: event) < oldest || bytes > settings.keepMebibytes << 20
          if isOver { bytes -= Int64(event.body.count) }
          return isOver
        }
        if !gone.isEmpty {
          try settle(Array(gone), .dropped)
          tell(
            .dropped,
            "more than \(settings.keepDays) days or \(settings.keepMebibytes) MiB wait for the long history: "
              + "the oldest \(gone.count) are dropped")
          events.removeFirst(gone.count)
          if events.isEmpty { continue }
        }
        if !events.isEmpty {
          batch = Batch(events: events, values: events.map { PublishedValue.values(of: $0.body) })
        }
        return
      }
    }
  }

  private static func close(of event: OutboxEvent) -> Int64 {
    event.id.split(separator: "/").first.flatMap { Int64($0) } ?? 0
  }

  /// Asks the server what it has of the batch.
  private func check() {
    guard let batch else { return }
    let closes = batch.events.map(Self.close)
    isBusy = true
    server.read(
      gateway: gateway, from: Instant(milliseconds: closes.min() ?? 0), to: Instant(milliseconds: closes.max() ?? 0)
    ) { [self] lines, fault in
      let kept = Set(PublishedValue.values(of: lines))
      answered { $0.take(kept, fault) }
    }
  }

  private func take(_ kept: Set<PublishedValue>, _ fault: String?) {
    if let fault { return fail(fault) }
    guard var batch else { return }
    if lastError != nil { tell(.delivered, "the long history is kept again") }
    lastError = nil
    attempts = 0
    let missing = batch.values.map { $0.filter { !kept.contains($0) } }
    if missing.allSatisfy(\.isEmpty) {
      let since = batch.wholeSince ?? .now()
      batch.wholeSince = since
      self.batch = batch
      let isProven = since + Self.interval(settings.confirmAfter) <= .now()
      return isProven ? finish(refused: []) : wait(until: since + Self.interval(settings.confirmAfter))
    }
    guard batch.imports < Self.mostImports else {
      let refused = zip(batch.events, missing).filter { !$1.isEmpty }.map(\.0)
      tell(
        .refused,
        "the long history does not keep \(refused.count) of what it was given \(batch.imports) times: "
          + "look into the server's log and at its -retentionPeriod")
      return finish(refused: refused)
    }
    batch.imports += 1
    batch.wholeSince = nil
    self.batch = batch
    isBusy = true
    server.put(missing.flatMap { $0.flatMap(\.line) }) { [self] fault in answered { $0.taken(fault) } }
  }

  /// The server says that it has taken what was missing.
  private func taken(_ fault: String?) {
    if let fault { return fail(fault) }
    batch?.wholeSince = .now()
    wait(until: .now() + Self.interval(settings.confirmAfter))
  }

  private func answered(_ work: @escaping @Sendable (LongHistory) -> Void) {
    queue.async { [self] in
      isBusy = false
      guard !isStopping else { return }
      work(self)
      show()
    }
  }

  private func wait(until time: DispatchTime) { notBefore = time }

  private static func interval(_ span: Span) -> DispatchTimeInterval { .milliseconds(Int(span.milliseconds)) }

  private func finish(refused: [OutboxEvent]) {
    guard let batch else { return }
    let numbers = Set(refused.map(\.number))
    stored { () throws(StoreError) in
      try settle(batch.events.filter { !numbers.contains($0.number) }, .delivered, and: refused)
      self.batch = nil
    }
    // What the disk did not note is asked for again.
    if self.batch != nil { wait(until: .now() + .seconds(1)) }
  }

  private func settle(
    _ events: [OutboxEvent], _ ending: OutboxCommit.Ending, and refused: [OutboxEvent] = []
  ) throws(StoreError) {
    var commit = OutboxCommit()
    commit.settled = events.map { .init(receiver: Self.receiver, number: $0.number, ending: ending) }
    commit.settled += refused.map { .init(receiver: Self.receiver, number: $0.number, ending: .refused) }
    try outbox?.commit(commit)
  }

  private func fail(_ reason: String) {
    if lastError == nil { tell(.notDelivered, "the long history is not kept: \(reason); trying again") }
    lastError = reason
    // An import that was cut may be there, but not yet to be seen: asked too early, the server would get it twice.
    let delay = AlertService.delay(afterAttempt: attempts + 1, jitter: .random(in: 0...500))
    wait(until: .now() + delay)
    attempts += 1
  }

  private func show() {
    var status = LongHistoryStatus()
    if let backlog = try? outbox?.backlog(of: Self.receiver) {
      (status.waiting, status.bytes) = (backlog.count, backlog.bytes)
      status.delivered = backlog.counts[.delivered] ?? 0
      status.dropped = backlog.counts[.dropped] ?? 0
      status.refused = backlog.counts[.refused] ?? 0
    }
    status.last = cursor
    status.lastError = lastError
    status.storeReason = storeReason
    shown.withLock { $0 = status }
  }
}

/// How the long history is doing.
public struct LongHistoryStatus: Sendable {
  /// Parts of quarters of an hour that are not provably kept yet.
  public var waiting: Int64 = 0
  /// Their bytes.
  public var bytes: Int64 = 0
  /// The close of the last quarter that went into the outbox.
  public var last: Instant?
  /// Why the last attempt failed; nil after one that did not.
  public var lastError: String?
  /// Why the outbox cannot be written, if so.
  public var storeReason: String?
  /// Parts that are provably kept, since the outbox was made.
  public var delivered: Int64 = 0
  /// Parts that were dropped, since too much was waiting.
  public var dropped: Int64 = 0
  /// Parts that the server took and did not keep.
  public var refused: Int64 = 0

  /// Nothing waits.
  public init() {}
}
