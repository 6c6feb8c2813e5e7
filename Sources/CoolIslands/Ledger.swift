// The account of every reading, source by source: nothing disappears without a name.

internal import Quantities
internal import RingSeries
public import SensorProtocol

/// What became of the readings of one source; what cannot be decoded counts as one reading.
///
/// received = refused + redelivered + accepted, at every moment.
public struct Account: Hashable, Sendable {
  /// Readings that arrived.
  public private(set) var received: Int64 = 0
  /// Readings of messages that the broker sent again, and that were recognised.
  public private(set) var redelivered: Int64 = 0
  /// Readings that count in the raw ring and in the buckets.
  public private(set) var raw: Int64 = 0
  /// Readings that count in buckets alone.
  public private(set) var bucketsOnly: Int64 = 0
  /// Readings that were there already.
  public private(set) var repeated: Int64 = 0
  /// Readings that contradict one that was there already.
  public private(set) var conflicting: Int64 = 0
  /// Totals older than their counter's newest, which change nothing.
  public private(set) var superseded: Int64 = 0
  /// Readings older than all that is kept.
  public private(set) var tooOld: Int64 = 0
  private var refusals: [Refusal: Int64] = [:]

  /// All zero.
  public init() {}

  /// Readings that were understood and in time, whatever became of them.
  public var accepted: Int64 { raw + bucketsOnly + repeated + conflicting + superseded + tooOld }

  /// Readings that count.
  public var counted: Int64 { raw + bucketsOnly }

  /// Readings refused, by reason, in a fixed order; reasons that never occurred are left out.
  public var refused: [(refusal: Refusal, count: Int64)] {
    refusals.isEmpty ? [] : Refusal.allCases.compactMap { refusal in refusals[refusal].map { (refusal, $0) } }
  }

  /// The same with the reasons' names.
  public var reasons: [(name: String, count: Int64)] { refused.map { ($0.refusal.rawValue, $0.count) } }

  /// Whether every reading that arrived is accounted for.
  public var isBalanced: Bool { received == refusals.values.reduce(redelivered + accepted, +) }

  /// Readings arrived; what becomes of each is told next.
  mutating func receive(_ count: Int) { received += Int64(count) }

  mutating func refuse(_ refusal: Refusal, _ count: Int64 = 1) {
    if refusal == .repeatedDelivery { redelivered += count } else { refusals[refusal, default: 0] += count }
  }

  /// Readings arrived that do not count.
  mutating func turnAway(_ refusal: Refusal, _ count: Int64) {
    received += count
    refuse(refusal, count)
  }

  mutating func note(_ appended: Appended) {
    switch appended {
    case .accepted(let missed) where missed.contains(.raw): bucketsOnly += 1
    case .accepted: raw += 1
    case .repeated: repeated += 1
    case .conflicting: conflicting += 1
    case .superseded: superseded += 1
    case .tooOld: tooOld += 1
    case .ahead: refuse(.timeAhead)
    case .outOfRange: refuse(.valueTooLarge)
    }
  }

  /// A reading that counted was taken back.
  mutating func takeBack(_ refusal: Refusal) {
    raw -= 1
    refuse(refusal)
  }

  /// Adds another source's readings.
  mutating func add(_ other: Account) {
    received += other.received
    redelivered += other.redelivered
    raw += other.raw
    bucketsOnly += other.bucketsOnly
    repeated += other.repeated
    conflicting += other.conflicting
    superseded += other.superseded
    tooOld += other.tooOld
    refusals.merge(other.refusals, uniquingKeysWith: +)
  }

  /// The counts with their names, but for refusals.
  public var outcomes: [(name: String, count: Int64)] {
    [
      ("received", received), ("redelivered", redelivered), ("accepted", accepted), ("raw", raw),
      ("buckets_only", bucketsOnly), ("repeated", repeated), ("conflicting", conflicting), ("superseded", superseded),
      ("too_old", tooOld),
    ]
  }

  /// The counts with their names, refusals as `refused_<reason>`.
  public var named: [(name: String, count: Int64)] {
    outcomes + reasons.map { ("refused_" + $0.name, $0.count) }
  }
}

/// The accounts of all sources since the journal begins.
public struct Ledger: Hashable, Sendable {
  /// Messages of sensors that were stored.
  public internal(set) var messages: Int64 = 0
  /// Commands that were obeyed.
  public internal(set) var commands: Int64 = 0
  /// Readings that were accepted, and forgotten when the clock was set back before them.
  public internal(set) var forgotten: Int64 = 0
  /// One account a sensor, in the order of the city's sensors.
  public internal(set) var sensors: [Source] = []
  /// What came on other topics, malformed commands, and what sensors sent that are no longer configured.
  public internal(set) var others = Account()

  /// A sensor and its account.
  public struct Source: Hashable, Sendable {
    /// The sensor's identifier.
    public let id: String
    /// Its account.
    public let account: Account
  }

  /// Nothing happened yet.
  public init() {}

  /// All sources together.
  public var total: Account { sensors.reduce(into: others) { $0.add($1.account) } }

  /// Whether the accounts of all sources balance.
  public var isBalanced: Bool { others.isBalanced && sensors.allSatisfy(\.account.isBalanced) }

  /// Messages and commands, and what was forgotten.
  private var entries: [(name: String, count: Int64)] {
    [("messages", messages), ("commands", commands), ("forgotten", forgotten)]
  }

  /// The counts of all sources together with their names, but for refusals.
  public var outcomes: [(name: String, count: Int64)] { entries + total.outcomes }

  /// The counts of all sources together, with their names.
  public var named: [(name: String, count: Int64)] { entries + total.named }

  /// How much was refused for each reason, also for those that never occurred.
  public var refusals: [(reason: String, count: Int64)] {
    let refused = total.refused
    return Refusal.allCases.map { refusal in
      (refusal.rawValue, refused.first { $0.refusal == refusal }?.count ?? 0)
    }
  }
}

extension CityState {
  /// The accounts as they stand.
  public var ledger: Ledger {
    var ledger = Ledger()
    (ledger.messages, ledger.commands, ledger.forgotten, ledger.others) = (messages, commands, forgotten, others)
    ledger.sensors = zip(city.sensors, sensors).map { .init(id: $0.id, account: $1.account) }
    return ledger
  }

  /// A command was obeyed.
  public mutating func noteCommand() { commands += 1 }
}

extension Account {
  mutating func archive(_ archive: inout Archive) {
    archive.field(&received)
    archive.field(&redelivered)
    archive.field(&raw)
    archive.field(&bucketsOnly)
    archive.field(&repeated)
    archive.field(&conflicting)
    archive.field(&superseded)
    archive.field(&tooOld)
    var refused = refused
    archive.list(&refused, blank: (.malformed, 0)) {
      $0.field(&$1.refusal)
      $0.field(&$1.count)
    }
    refusals = Dictionary(refused.map { ($0.refusal, $0.count) }, uniquingKeysWith: +)
  }
}
