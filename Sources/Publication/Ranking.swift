// In which order places are offered to somebody who looks for one: near me, or anywhere in the city.

internal import Quantities

/// A place and how far it is.
public struct RankedPlace: Hashable, Sendable {
  /// The place.
  public var place: PublicPlace
  /// Metres as the crow flies; nil where nobody said from where.
  public var metres: Double?

  /// A place at a distance.
  public init(place: PublicPlace, metres: Double?) {
    self.place = place
    self.metres = metres
  }
}

extension PublicSnapshot {
  /// The places in the order in which they are worth going to.
  ///
  /// First what state they are in: good ones, crowded ones, those that open within the hour, warm ones, those of which
  /// nothing is known, closed ones. Among these by distance in steps of 250 m, then by coolness in steps of half a degree,
  /// since sensors tell no finer, by room, by how long they stay as they are, at last by identifier. Where nobody said from
  /// where, measured places come before unmeasured ones; near is better than measured.
  ///
  /// - Parameter position: from where; nil for anywhere.
  /// - Returns: all places.
  public func ranked(near position: PublicPosition? = nil) -> [RankedPlace] {
    let plane = position.map(LocalPlane.init)
    let ranked = places.map { place in
      RankedPlace(place: place, metres: plane.map { PlaneShape(place.about.shape, on: $0).distance(to: .zero) })
    }
    let keys = ranked.map { $0.key(at: at) }
    return ranked.indices.sorted { keys[$0] == keys[$1] ? $0 < $1 : keys[$0] < keys[$1] }.map { ranked[$0] }
  }
}

extension RankedPlace {
  /// Smaller is better, from the first member on.
  fileprivate struct Key: Comparable {
    var first: (Int64, Int64, Int64)
    var second: (Int64, Int64, Int64, Int64)

    static func == (a: Key, b: Key) -> Bool { a.first == b.first && a.second == b.second }
    static func < (a: Key, b: Key) -> Bool { a.first == b.first ? a.second < b.second : a.first < b.first }
  }

  /// Smaller is better.
  fileprivate func key(at now: Instant) -> Key {
    let indicators = place.indicators
    let opensIn = indicators.opening.until.map { $0 - now } ?? .days(365)
    let state: Int64 =
      switch indicators.availability {
      case .available: 0
      case .crowded: 1
      case .closed: opensIn <= .hours(1) ? 2 : 5
      case .warm: 3
      case .unknown: 4
      }
    let isUnmeasured: Int64 = indicators.availability == .available && !indicators.isMeasured ? 1 : 0
    let steps = metres.map { Int64(min($0, 1e9) / 250) } ?? 0
    // A doubtful difference is none.
    let difference = indicators.reasons.contains(.readingsDoubtful) ? nil : indicators.coolness?.difference
    let coolness = -((difference?.rawValue ?? 0).floorDivided(by: 500))
    let room: Int64 =
      switch indicators.occupancy?.level {
      case .free: 0
      case .busy, nil: 1
      case .full: 2
      }
    // An open place is better the longer it stays open, a closed one the sooner it opens.
    let change = indicators.opening.state == .open ? -opensIn.milliseconds : opensIn.milliseconds
    let isClosed: Int64 = state == 2 || state == 5 ? change : 0
    return Key(first: (state, steps, isClosed), second: (isUnmeasured, coolness, room, change))
  }
}
