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
  /// What the temperature sensors are worth.
  public var readings: Readings
  /// Whether the programme takes all of its room.
  public var areRoomsTaken: Bool

  /// What temperature sensors are worth together.
  public enum Readings: Hashable, Sendable {
    /// One at least that passes, or none that speaks.
    case good
    /// All that speak are suspect.
    case doubtful
    /// All that speak fail.
    case failed
  }

  /// Facts.
  public init(
    opening: OpeningState, openingReason: Reason, hasTemperatureSensors: Bool, felt: FeltClass?,
    difference: DifferenceClass?, occupancy: OccupancyLevel?, readings: Readings = .good, areRoomsTaken: Bool = false
  ) {
    self.opening = opening
    self.openingReason = openingReason
    self.hasTemperatureSensors = hasTemperatureSensors
    self.felt = felt
    self.difference = difference
    self.occupancy = occupancy
    self.readings = readings
    self.areRoomsTaken = areRoomsTaken
  }

  /// The first rule that holds, and why.
  ///
  /// A stale or broken sensor never makes a place look cool, and a place without sensors is never called cool: it
  /// follows its opening hours and its occupancy, and `not_measured` stands among its reasons. A place that feels cool and
  /// is not cooler than its reference says so, and so does one whose reference is not known.
  public var verdict: (availability: Availability, reasons: [Reason]) {
    let isCooler = difference == .cooler || difference == .muchCooler
    switch opening {
    case .unknown, .contradicted: return (.unknown, [openingReason])
    case .closed: return (.closed, [openingReason])
    case .open: break
    }
    let crowd: [Reason] = areRoomsTaken ? [.roomsTaken] : occupancy == .full ? [.full] : []
    if !hasTemperatureSensors {
      return crowd.isEmpty ? (.available, [openingReason, .notMeasured]) : (.crowded, crowd + [.notMeasured])
    }
    guard let felt else { return (.unknown, [readings == .failed ? .readingsFailed : .noFreshReading]) }
    let doubts: [Reason] = readings == .doubtful ? [.readingsDoubtful] : []
    if felt == .hot || felt == .dangerous { return (.warm, [.feltHot] + doubts) }
    let comparison: [Reason] =
      isCooler ? [.coolerThanReference] : difference == nil ? [.noReference] : [.notCooler]
    if felt != .cool && !isCooler {
      return (.warm, [.notCooler] + (difference == nil ? [.noReference] : []) + doubts)
    }
    let reasons = (felt == .cool ? [Reason.feltCool] : []) + comparison + doubts
    return crowd.isEmpty ? (.available, [openingReason] + reasons) : (.crowded, crowd + reasons)
  }
}
