// The outbox: what must leave and has not, with the state that it followed from. A file of its own, so that it can still
// be written when the journal cannot; the long history has one of its own. Tables of outbox.sqlite, schema 1:
//
//   event(number INTEGER PRIMARY KEY,     rising, in the order of delivery
//         id TEXT, body BLOB)             the name that never changes, and what is sent
//   delivery(receiver, number)            who has not acknowledged it yet
//   receiver(id, delivered, dropped, refused)   counts since the file was made
//   state(id, body)                       what the sender must remember

internal import CSQLite

/// Something that leaves.
public struct OutboxEvent: Hashable, Sendable {
  /// Its place in the order of delivery.
  public var number: Int64
  /// The name by which receivers tell it from others; it never changes.
  public var id: String
  /// What is sent.
  public var body: [UInt8]

  /// An event.
  public init(number: Int64, id: String, body: [UInt8]) {
    self.number = number
    self.id = id
    self.body = body
  }
}

/// What goes to the outbox's disk at once: all of it or nothing.
public struct OutboxCommit: Sendable {
  /// How a delivery ended.
  public enum Ending: String, CaseIterable, Hashable, Sendable {
    /// The receiver has it.
    case delivered
    /// Too many were waiting.
    case dropped
    /// The receiver does not want it.
    case refused
  }

  /// An event that need not be sent to a receiver any more.
  public struct Settled: Hashable, Sendable {
    /// The receiver.
    public var receiver: String
    /// The event's number.
    public var number: Int64
    /// Why.
    public var ending: Ending

    /// A delivery that ended.
    public init(receiver: String, number: Int64, ending: Ending) {
      self.receiver = receiver
      self.number = number
      self.ending = ending
    }
  }

  /// What the sender must remember, if it changed.
  public var state: [UInt8]?
  /// New events, for all receivers.
  public var events: [OutboxEvent] = []
  /// Deliveries that ended.
  public var settled: [Settled] = []

  /// Nothing.
  public init() {}

  /// Whether there is nothing to store.
  public var isEmpty: Bool { state == nil && events.isEmpty && settled.isEmpty }
}

/// The outbox of one gateway.
///
/// Confined to the thread or queue of its owner.
public final class Outbox {
  /// A receiver and what it has not acknowledged.
  public struct Line: Sendable {
    /// The receiver.
    public var receiver: String
    /// What waits for it, in order.
    public var waiting: [OutboxEvent] = []
    /// How many deliveries ended, and how, since the file was made.
    public var counts: [OutboxCommit.Ending: Int64] = [:]
  }

  /// How much waits for a receiver.
  public struct Backlog: Sendable {
    /// Events.
    public var count: Int64 = 0
    /// Bytes of their bodies.
    public var bytes: Int64 = 0
    /// How many deliveries ended, and how, since the file was made.
    public var counts: [OutboxCommit.Ending: Int64] = [:]

    /// Nothing.
    public init() {}
  }

  private let connection: Connection
  private let receivers: [String]

  /// Opens the outbox of a data folder, and makes it if there is none.
  ///
  /// - Parameters:
  ///   - folder: the data folder; whoever opens it holds its lock.
  ///   - file: the file's name: what is slow must not keep alerts waiting.
  ///   - receivers: who is told; what waited for others is forgotten.
  /// - Throws: ``StoreError``, also for a file that a newer version wrote.
  public init(folder: String, file: String = "outbox.sqlite", receivers: [String]) throws(StoreError) {
    let path = folder + "/" + file
    self.receivers = receivers
    connection = try Connection(path: path)
    try connection.execute("PRAGMA journal_mode = WAL")
    try connection.execute("PRAGMA synchronous = FULL")
    let version = try connection.prepare("PRAGMA user_version")
    let schema = try version.step() ? version.integer(0) : 0
    version.reset()
    guard schema <= 1 else {
      throw StoreError(
        code: SQLITE_ERROR, attempt: "opening \(path)",
        detail: "it was written by a newer version (schema \(schema), this one knows 1)")
    }
    try transaction { () throws(StoreError) in
      if schema == 0 { try connection.execute(Self.tables) }
      for receiver in receivers {
        try run("INSERT OR IGNORE INTO receiver(id) VALUES (?)") { $0.bind(1, receiver) }
      }
      let known = try connection.prepare("SELECT DISTINCT receiver FROM delivery")
      var gone: [String] = []
      while try known.step() { if !receivers.contains(known.text(0)) { gone.append(known.text(0)) } }
      known.reset()
      for receiver in gone { try run("DELETE FROM delivery WHERE receiver = ?") { $0.bind(1, receiver) } }
      try connection.execute("DELETE FROM event WHERE number NOT IN (SELECT number FROM delivery)")
    }
  }

  private static let tables = """
    CREATE TABLE event(number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, body BLOB NOT NULL) STRICT;
    CREATE TABLE delivery(receiver TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY(receiver, number))
      STRICT, WITHOUT ROWID;
    CREATE INDEX delivery_by_number ON delivery(number);
    CREATE TABLE receiver(id TEXT PRIMARY KEY, delivered INTEGER NOT NULL DEFAULT 0,
      dropped INTEGER NOT NULL DEFAULT 0, refused INTEGER NOT NULL DEFAULT 0) STRICT;
    CREATE TABLE state(id INTEGER PRIMARY KEY CHECK (id = 0), body BLOB NOT NULL) STRICT;
    PRAGMA user_version = 1;
    """

  /// What the sender wanted remembered last.
  ///
  /// - Throws: ``StoreError`` when it cannot be read.
  public func state() throws(StoreError) -> [UInt8]? {
    let statement = try connection.prepare("SELECT body FROM state")
    return try statement.step() ? statement.bytes(0) : nil
  }

  /// The number that no event has had yet.
  ///
  /// - Throws: ``StoreError`` when it cannot be read.
  public func nextNumber() throws(StoreError) -> Int64 {
    let statement = try connection.prepare("SELECT seq + 1 FROM sqlite_sequence WHERE name = 'event'")
    return try statement.step() ? statement.integer(0) : 1
  }

  /// What waits for each receiver, in the order of the receivers.
  ///
  /// - Throws: ``StoreError`` when it cannot be read.
  public func lines() throws(StoreError) -> [Line] {
    var lines: [Line] = []
    for receiver in receivers {
      var line = Line(receiver: receiver)
      let counts = try connection.prepare("SELECT delivered, dropped, refused FROM receiver WHERE id = ?")
      counts.bind(1, receiver)
      if try counts.step() {
        line.counts = [.delivered: counts.integer(0), .dropped: counts.integer(1), .refused: counts.integer(2)]
      }
      counts.reset()
      let events = try connection.prepare(
        "SELECT number, id, body FROM delivery JOIN event USING (number) WHERE receiver = ? ORDER BY number")
      events.bind(1, receiver)
      while try events.step() {
        line.waiting.append(OutboxEvent(number: events.integer(0), id: events.text(1), body: events.bytes(2)))
      }
      events.reset()
      lines.append(line)
    }
    return lines
  }

  /// How much waits for a receiver, for one whose events are too many to be held in memory.
  ///
  /// - Parameter receiver: the receiver.
  /// - Returns: how many and how large, and the counts.
  /// - Throws: ``StoreError`` when it cannot be read.
  public func backlog(of receiver: String) throws(StoreError) -> Backlog {
    var backlog = Backlog()
    let extent = try connection.prepare(
      "SELECT count(*), coalesce(sum(length(body)), 0) FROM delivery JOIN event USING (number) WHERE receiver = ?")
    extent.bind(1, receiver)
    if try extent.step() { (backlog.count, backlog.bytes) = (extent.integer(0), extent.integer(1)) }
    extent.reset()
    let counts = try connection.prepare("SELECT delivered, dropped, refused FROM receiver WHERE id = ?")
    counts.bind(1, receiver)
    if try counts.step() {
      backlog.counts = [.delivered: counts.integer(0), .dropped: counts.integer(1), .refused: counts.integer(2)]
    }
    counts.reset()
    return backlog
  }

  /// What a receiver is to get next.
  ///
  /// - Parameters:
  ///   - receiver: the receiver.
  ///   - mostBytes: how large they may be together; one comes, whatever its size.
  /// - Returns: the oldest events, in order.
  /// - Throws: ``StoreError`` when they cannot be read.
  public func oldest(for receiver: String, mostBytes: Int) throws(StoreError) -> [OutboxEvent] {
    var events: [OutboxEvent] = []
    var bytes = 0
    let statement = try connection.prepare(
      "SELECT number, id, body FROM delivery JOIN event USING (number) WHERE receiver = ? ORDER BY number")
    defer { statement.reset() }
    statement.bind(1, receiver)
    while try statement.step() {
      let event = OutboxEvent(number: statement.integer(0), id: statement.text(1), body: statement.bytes(2))
      bytes += event.body.count
      if !events.isEmpty && bytes > mostBytes { break }
      events.append(event)
    }
    return events
  }

  /// Stores all of it; it is on the disk when this returns.
  ///
  /// - Throws: ``StoreError``; then nothing of it is stored.
  public func commit(_ commit: OutboxCommit) throws(StoreError) {
    guard !commit.isEmpty else { return }
    try transaction { () throws(StoreError) in
      if let state = commit.state {
        try run("INSERT OR REPLACE INTO state(id, body) VALUES (0, ?)") { $0.bind(1, state) }
      }
      for event in commit.events {
        try run("INSERT INTO event(number, id, body) VALUES (?, ?, ?)") {
          $0.bind(1, event.number)
          $0.bind(2, event.id)
          $0.bind(3, event.body)
        }
        for receiver in receivers {
          try run("INSERT INTO delivery(receiver, number) VALUES (?, ?)") {
            $0.bind(1, receiver)
            $0.bind(2, event.number)
          }
        }
      }
      for settled in commit.settled { try settle(settled) }
    }
  }

  private func settle(_ settled: OutboxCommit.Settled) throws(StoreError) {
    try run("DELETE FROM delivery WHERE receiver = ? AND number = ?") {
      $0.bind(1, settled.receiver)
      $0.bind(2, settled.number)
    }
    let count = settled.ending.rawValue  // a name of ours
    try run("UPDATE receiver SET \(count) = \(count) + 1 WHERE id = ?") { $0.bind(1, settled.receiver) }
    try run("DELETE FROM event WHERE number = ?1 AND NOT EXISTS (SELECT 1 FROM delivery WHERE number = ?1)") {
      $0.bind(1, settled.number)
    }
  }

  private func run(_ sql: String, _ bind: (Statement) -> Void) throws(StoreError) {
    let statement = try connection.prepare(sql)
    bind(statement)
    try statement.run()
  }

  private func transaction(_ body: () throws(StoreError) -> Void) throws(StoreError) {
    try connection.execute("BEGIN IMMEDIATE")
    do throws(StoreError) {
      try body()
      try connection.execute("COMMIT")
    } catch {
      try? connection.execute("ROLLBACK")
      throw error
    }
  }
}
