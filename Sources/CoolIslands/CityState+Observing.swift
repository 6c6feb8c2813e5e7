// Readings in: time checked, value kept, people counted.

internal import Publication
public import Quantities
public import RingSeries
public import SensorProtocol

extension CityState {
  /// A reading may be this much ahead of its arrival as it is.
  static let slightlyAhead = Span.minutes(2)
  /// Up to this much ahead it counts at its arrival; beyond, the device's clock is wrong and the reading is refused.
  static let farAhead = Span.hours(1)
  /// Older readings than this are refused.
  static let oldest = Span.days(14)

  /// Takes a message that was stored; each of a sensor's readings is accounted for.
  ///
  /// - Parameters:
  ///   - payload: what was sent.
  ///   - topic: where to.
  ///   - arrival: when it came.
  /// - Returns: what the history must be told of at once, since the rings do not hold all of its quarter hour; nil if
  ///   the topic is no sensor's.
  public mutating func receive(_ payload: [UInt8], topic: String, arrival: Instant) -> [HistoryPiece]? {
    messages += 1
    var sensor: Int?
    var decoded = Decoded()
    swap(&decoded, &decodedBefore)
    defer { swap(&decoded, &decodedBefore) }
    do {
      guard let sender = try sender(of: payload, topic: topic) else { return nil }
      sensor = sender.sensor
      try decode(payload, of: sender, topic: topic, arrival: arrival, into: &decoded)
      if wires[sender.sensor].decoder.isNetworkServer, !sensors[sender.sensor].frames.take(payload, of: sender) {
        refuse(.repeatedDelivery, Int64(decoded.count), sensor: sensor)
        return []
      }
    } catch {
      refuse(error, 1, sensor: sensor)
      return []
    }
    guard let sensor else { return [] }
    sensors[sensor].account.receive(decoded.count)
    for refusal in decoded.refusals { sensors[sensor].account.refuse(refusal) }
    var pieces: [HistoryPiece] = []
    for observation in decoded.observations {
      do {
        let entered = try enter(observation, sensor: sensor, arrival: arrival)
        sensors[sensor].account.note(entered.appended)
        if let spike = entered.spike {
          sensors[sensor].account.takeBack(.spike)
          // It was held by all rings: the history takes its quarter hour from them again.
          noteUnwritten(quarter(of: Instant(milliseconds: spike)), of: entered.series)
          if spike == entered.time.milliseconds { continue }
        }
        guard case .accepted = entered.appended else { continue }
        note(observation, entered, sensor: sensor, arrival: arrival)
        if observation.field == .temperature {
          judgeLeap(in: entered.series, of: sensor, at: arrival, isOver: entered.spike != nil)
        }
        if let piece = remember(entered) { pieces.append(piece) }
      } catch {
        sensors[sensor].account.refuse(error)
      }
    }
    return pieces
  }

  /// Something arrived that does not count.
  ///
  /// - Parameters:
  ///   - refusal: why.
  ///   - readings: how many readings it held; 1 where that cannot be known.
  ///   - sensor: the index of its sensor; nil for a topic of none.
  public mutating func refuse(_ refusal: Refusal, _ readings: Int64, sensor: Int?) {
    if let sensor {
      sensors[sensor].account.turnAway(refusal, readings)
    } else {
      others.turnAway(refusal, readings)
    }
  }

  /// Takes a message into some of its sensor's series and nothing else.
  ///
  /// It is for series that were put back as they were before the message, while the rest of the state is that of a later
  /// moment and knows of it.
  ///
  /// - Parameters:
  ///   - payload: what the sensor sent.
  ///   - topic: where to.
  ///   - arrival: when it came.
  ///   - isWanted: whether a series is to take it.
  public mutating func catchUp(
    _ payload: [UInt8], topic: String, arrival: Instant, where isWanted: (SeriesIndex) -> Bool
  ) {
    guard let sender = try? sender(of: payload, topic: topic),
      let decoded = try? decode(payload, of: sender, topic: topic, arrival: arrival)
    else { return }
    var news: Set<SeriesIndex> = []
    for series in sensors[sender.sensor].series where isWanted(series) {
      let isNew =
        !wires[sender.sensor].decoder.isNetworkServer
        || framesOfSeries[series.rawValue, default: FrameMemory()].take(payload, of: sender)
      if isNew { news.insert(series) }
    }
    for observation in decoded.observations {
      guard let series = series(observation.field, of: sender.sensor), news.contains(series) else { continue }
      _ = try? enter(observation, sensor: sender.sensor, arrival: arrival)
    }
  }

  /// What became of a reading in its series.
  struct Entered {
    let series: SeriesIndex
    let time: Instant
    /// Of a total the difference, in thousandths.
    let value: Int64
    let seconds: Int64
    let appended: Appended
    let step: Counter.Step?
    /// When the reading was that this one shows to be a spike; its own time if it is one.
    var spike: Int64?
  }

  /// Puts a reading into its series; this depends on the series, its last total's arrival and the clock alone.
  private mutating func enter(
    _ observation: Observation, sensor: Int, arrival: Instant
  ) throws(Refusal) -> Entered {
    guard let field = wires[sensor].index(of: observation.field) else { throw .notThisSensors }
    let time = try Self.accepted(observation.time, arrival: arrival)
    let series = sensors[sensor].series[field]
    let seconds = observation.seconds ?? wires[sensor].period
    guard observation.field.isTotal else {
      let appended = bank.append(
        Sample(time: time.milliseconds, value: observation.value, seconds: seconds), to: series)
      var spike: Int64?
      if observation.field == .temperature, case .accepted = appended {
        spike = takeBackSpike(around: time.milliseconds, in: series)
      }
      return Entered(
        series: series, time: time, value: observation.value, seconds: seconds, appended: appended, step: nil,
        spike: spike)
    }
    forgetTotal(field, of: sensor, before: time, arrival: arrival)
    let (appended, step) = bank.count(
      total: observation.value / 1000, at: time.milliseconds, seconds: seconds, in: series)
    return Entered(
      series: series, time: time, value: (step?.people ?? 0) * 1000, seconds: seconds, appended: appended, step: step)
  }

  private static func accepted(_ time: Instant, arrival: Instant) throws(Refusal) -> Instant {
    guard time >= arrival - oldest else { throw .timeTooOld }
    if time <= arrival + slightlyAhead { return time }
    guard time <= arrival + farAhead else { throw .timeAhead }
    return arrival
  }

  /// What a reading that counts means beside its series.
  private mutating func note(_ observation: Observation, _ entered: Entered, sensor: Int, arrival: Instant) {
    let (time, step) = (entered.time, entered.step)
    sensors[sensor].lastObserved = max(sensors[sensor].lastObserved ?? time, time)
    // Nothing public may move because somebody passed: people are looked at on the five-minute grid alone.
    if observation.field.isMeasurement {
      sensors[sensor].lastMeasured = max(sensors[sensor].lastMeasured ?? time, time)
      if let place = wires[sensor].place { schedule(place, at: arrival.nextWholeSecond) }
    }
    let isNewest = bank.latest(of: entered.series)?.time == time.milliseconds
    if observation.field == .batteryPercent && isNewest { sensors[sensor].battery = MilliPercent(observation.value) }
    guard observation.field.isAboutPeople, let place = wires[sensor].place else { return }
    let count = observation.value / 1000
    switch observation.field {
    case .inTotal: places[place].headcount.pass(in: step?.people ?? 0, out: 0, at: time)
    case .outTotal: places[place].headcount.pass(in: 0, out: step?.people ?? 0, at: time)
    case .people where isNewest: places[place].headcount.rebase(to: count)
    case .occupied where isNewest: presence(count == 1, sensor: sensor, place: place, at: time)
    default: break
    }
    places[place].headcount.hear(at: time)
  }

  /// Nobody may learn from a difference what went on in school hours: counting begins anew after them, whether the
  /// device's own times say that they lie between or the arrivals.
  private mutating func forgetTotal(_ field: Int, of sensor: Int, before time: Instant, arrival: Instant) {
    guard let place = wires[sensor].place, traits[place].hasSchoolHours else { return }
    let series = sensors[sensor].series[field]
    defer { sensors[sensor].totalArrivals[field] = arrival }
    guard let last = bank.lastTotalTime(of: series).map(Instant.init(milliseconds:)) else { return }
    let lastArrival = sensors[sensor].totalArrivals[field] ?? last
    guard
      hasSchoolHours(place: place, from: last, to: time) || hasSchoolHours(place: place, from: lastArrival, to: arrival)
    else { return }
    bank.rebase(series)
  }

  /// A presence sensor only says "someone": one person if nobody was counted; once all sensors have been free for a while,
  /// nobody.
  ///
  /// A sensor that has fallen silent keeps nobody in the place.
  private mutating func presence(_ occupied: Bool, sensor: Int, place: Int, at time: Instant) {
    sensors[sensor].occupied = occupied
    let isFree = traits[place].sensors.allSatisfy { sensors[$0].occupied != true || !isAlive($0, at: time) }
    if occupied && places[place].headcount.people == 0 { places[place].headcount.rebase(to: 1) }
    places[place].headcount.notePresence(isFree: isFree, at: time)
  }
}

extension Counter.Step {
  /// How many passed.
  fileprivate var people: Int64 {
    switch self {
    case .counted(let count), .restarted(let count): count
    case .baseline, .implausible, .repeated, .conflicting, .late: 0
    }
  }
}
