// Should one go there now? The whole rule, readable on one screen.

public import Publication

/// What the rule looks at.
public struct AvailabilityFacts: Hashable, Sendable {
  /// Whether the place is open.
  public var opening: OpeningState
  /// Why opening is unknown or what decides it.
  public var openingReason: Reason
  /// Whether temperature sensors are configured.
  public var hasTemperatureSensors: Bool
  /// What the felt temperature means; nil without a fresh reading.
  public var felt: FeltClass?
  /// The difference's class; nil without a reference.
  public var difference: DifferenceClass?
  /// How full; nil when not known.
  public var occupancy: OccupancyLevel?

  /// Facts.
  public init(
    opening: OpeningState, openingReason: Reason, hasTemperatureSensors: Bool, felt: FeltClass?,
    difference: DifferenceClass?, occupancy: OccupancyLevel?
  ) {
    self.opening = opening
    self.openingReason = openingReason
    self.hasTemperatureSensors = hasTemperatureSensors
    self.felt = felt
    self.difference = difference
    self.occupancy = occupancy
  }

  /// The first rule that holds, and why.
  ///
  /// A stale or broken sensor never makes a place look cool, and a place without sensors is never called cool: it
  /// follows its opening hours and its occupancy, and `not_measured` stands among its reasons.
  public var verdict: (availability: Availability, reasons: [Reason]) {
    let isCooler = difference == .cooler || difference == .muchCooler
    switch opening {
    case .unknown, .contradicted: return (.unknown, [openingReason])
    case .closed: return (.closed, [openingReason])
    case .open: break
    }
    if !hasTemperatureSensors {
      return occupancy == .full
        ? (.crowded, [.full, .notMeasured]) : (.available, [openingReason, .notMeasured])
    }
    guard let felt else { return (.unknown, [.noFreshReading]) }
    if felt == .hot || felt == .dangerous { return (.warm, [.feltHot]) }
    if felt != .cool && !isCooler { return (.warm, difference == nil ? [.notCooler, .noReference] : [.notCooler]) }
    var reasons: [Reason] = []
    if felt == .cool { reasons.append(.feltCool) }
    if isCooler { reasons.append(.coolerThanReference) }
    return occupancy == .full ? (.crowded, [.full] + reasons) : (.available, [openingReason] + reasons)
  }
}
