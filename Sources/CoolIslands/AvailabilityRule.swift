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
  /// What the programme leaves of its room.
  public var rooms: Rooms

  /// What a programme leaves of a place's room.
  public enum Rooms: Hashable, Sendable {
    /// Some, or there is no programme.
    case left
    /// Nothing.
    case taken
    /// It cannot be read whole.
    case uncertain
  }

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
    difference: DifferenceClass?, occupancy: OccupancyLevel?, readings: Readings = .good, rooms: Rooms = .left
  ) {
    self.opening = opening
    self.openingReason = openingReason
    self.hasTemperatureSensors = hasTemperatureSensors
    self.felt = felt
    self.difference = difference
    self.occupancy = occupancy
    self.readings = readings
    self.rooms = rooms
  }

  /// The first rule that holds, and why.
  ///
  /// A stale or broken sensor never makes a place look cool, and a place without sensors is never called cool: it
  /// follows its opening hours and its occupancy, and `not_measured` stands among its reasons. A place that feels cool and
  /// is not cooler than its reference says so, and so does one whose reference is not known.
  public var verdict: (availability: Availability, reasons: [Reason]) {
    // A doubtful comparison makes no place available: then only what is felt counts.
    let isCooler = readings == .good && (difference == .cooler || difference == .muchCooler)
    switch opening {
    case .unknown, .contradicted: return (.unknown, [openingReason])
    case .closed: return (.closed, [openingReason])
    case .open: break
    }
    let crowd: [Reason] = rooms == .taken ? [.roomsTaken] : occupancy == .full ? [.full] : []
    func fair(_ reasons: [Reason]) -> (Availability, [Reason]) {
      guard crowd.isEmpty else { return (.crowded, crowd + reasons) }
      return (.available, [openingReason] + reasons + (rooms == .uncertain ? [.roomsUncertain] : []))
    }
    if !hasTemperatureSensors { return fair([.notMeasured]) }
    guard let felt else { return (.unknown, [readings == .failed ? .readingsFailed : .noFreshReading]) }
    let doubts: [Reason] = readings == .doubtful ? [.readingsDoubtful] : []
    if felt == .hot || felt == .dangerous { return (.warm, [.feltHot] + doubts) }
    let comparison: [Reason] =
      isCooler ? [.coolerThanReference] : difference == nil ? [.noReference] : doubts.isEmpty ? [.notCooler] : []
    if felt != .cool && !isCooler {
      return (.warm, [.notCooler] + (difference == nil ? [.noReference] : []) + doubts)
    }
    let reasons = (felt == .cool ? [Reason.feltCool] : []) + comparison + doubts
    return fair(reasons)
  }
}
