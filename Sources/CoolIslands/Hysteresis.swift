// Classes that do not flicker.

public import Quantities

/// A class between borders that is left only well past a border, or after some time beyond it.
public struct Hysteresis: Hashable, Sendable {
  /// The class, counted from 0 below the first border; nil before the first value.
  public private(set) var current: Int?
  private var beyondSince: Instant?

  /// No class yet.
  public init() {}

  /// Forgets the class: what comes next is taken as it is.
  public mutating func forget() { self = Hysteresis() }

  /// The clock is set back: nothing has been so since a time that has not come.
  mutating func setBack(to now: Instant) { beyondSince = beyondSince.map { min($0, now) } }

  /// Takes a value and says its class.
  ///
  /// - Parameters:
  ///   - value: the value; a value on a border belongs to the class above it.
  ///   - borders: rising.
  ///   - margin: how far past a border the class changes at once.
  ///   - patience: after how long beyond a border it changes all the same; nil for never.
  ///   - now: the moment of the value.
  /// - Returns: the class in force after the value.
  public mutating func update(
    _ value: Int64, borders: [Int64], margin: Int64, patience: Span?, at now: Instant
  ) -> Int {
    let plain = borders.count { value >= $0 }
    guard let before = current, plain != before else {
      current = plain
      beyondSince = nil
      return plain
    }
    // Past a border by the margin, the class behind it at least; so of two values the higher never has the lower class.
    let held = min(max(before, borders.count { value >= $0 + margin }), borders.count { value >= $0 - margin })
    let since = held == before ? beyondSince ?? now : now
    let isOver = patience.map { now - since >= $0 } ?? false
    let new = isOver ? plain : held
    current = new
    beyondSince = new == plain ? nil : since
    return new
  }
}

extension Hysteresis {
  mutating func archive(_ archive: inout Archive) {
    archive.field(&current)
    archive.field(&beyondSince)
  }
}
