// The public part of the stored history: transitions of what was published, and nothing that sensors said.

public import Publication
public import Quantities
public import Store

/// Public changes out of the store.
public struct StoredHistory: PublicHistory {
  private let reader: HistoryReader

  /// The changes that a reader of the store finds.
  public init(_ reader: HistoryReader) { self.reader = reader }

  /// Changes of a span of time, in order; nil when they cannot be read.
  public func changes(from: Instant, to: Instant, limit: Int) -> [PublicChange]? {
    do {
      return try reader.transitions(
        place: nil, from: from.milliseconds, to: to.milliseconds, limit: Int64(limit)
      ).map {
        PublicChange(
          at: Instant(milliseconds: $0.at), place: $0.place, indicator: $0.indicator, before: $0.before,
          after: $0.after, reasons: $0.reasons)
      }
    } catch {
      Log.error("history_unreadable", "the public history cannot be read: \(error)")
      return nil
    }
  }
}
