// The account of every message and every reading: nothing disappears without a name.

internal import JSONText
internal import RingSeries
internal import SensorProtocol

/// Counts since the journal began.
public struct Ledger: Hashable, Sendable {
  /// Messages that were admitted.
  public internal(set) var messages: Int64 = 0
  /// Commands that were accepted.
  public internal(set) var commands: Int64 = 0
  /// Readings that count, in the raw ring and in the buckets.
  public internal(set) var accepted: Int64 = 0
  /// Readings that count in buckets alone.
  public internal(set) var bucketOnly: Int64 = 0
  /// Readings that were there already.
  public internal(set) var repeated: Int64 = 0
  /// Readings that contradict one that was there already.
  public internal(set) var conflicting: Int64 = 0
  /// Totals older than their counter's newest, which change nothing.
  public internal(set) var superseded: Int64 = 0
  /// Readings older than all that is kept.
  public internal(set) var tooOld: Int64 = 0
  private var refusals: [Refusal: Int64] = [:]

  /// All zero.
  public init() {}

  /// Messages and readings refused, by reason, in a fixed order; reasons that never occurred are left out.
  public var refused: [RefusalCount] {
    Refusal.allCases.compactMap { refusal in refusals[refusal].map { RefusalCount(refusal, $0) } }
  }

  mutating func refuse(_ refusal: Refusal, _ count: Int64 = 1) { refusals[refusal, default: 0] += count }

  mutating func note(_ appended: Appended) {
    switch appended {
    case .accepted(let missed) where missed.contains(.raw): bucketOnly += 1
    case .accepted: accepted += 1
    case .repeated: repeated += 1
    case .conflicting: conflicting += 1
    case .tooOld: tooOld += 1
    case .ahead: refuse(.timeAhead)
    case .outOfRange: refuse(.valueTooLarge)
    case .superseded: superseded += 1
    }
  }

  /// The counts with their names, refusals as `refused_<reason>`.
  public var named: [(name: String, count: Int64)] {
    [
      ("messages", messages), ("commands", commands), ("accepted", accepted), ("bucket_only", bucketOnly),
      ("repeated", repeated), ("conflicting", conflicting), ("too_old", tooOld),
      ("superseded", superseded),
    ] + refused.map { ("refused_" + $0.refusal.rawValue, $0.count) }
  }
}
