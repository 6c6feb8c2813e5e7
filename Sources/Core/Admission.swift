// What may enter the journal: decided before anything is stored, by a pure function.

public import CoolIslands
internal import Quantities
public import SensorProtocol

/// The decision on a message.
public enum Admission: Hashable, Sendable {
  /// It is stored; where a part of it was refused, the entry holds what is left.
  ///
  /// `sensor` is the index of the sensor that sent it, nil for a command.
  case admitted(Entry, sensor: Int?, refusals: [Refusal])
  /// It is acknowledged and counted, and its content is kept nowhere.
  ///
  /// `readings` is how many it held, 1 where that cannot be known; `sensor` as above.
  case refused(Refusal, readings: Int64 = 1, sensor: Int? = nil)

  /// Payloads above this many bytes are refused.
  public static let maximumPayload = 65_536
  /// A command may be longer: a bulletin speaks of a whole country.
  public static let maximumCommand = 1 << 20

  /// Decides on a message.
  ///
  /// - Parameters:
  ///   - message: what arrived.
  ///   - mayHaveWaited: whether the broker may have kept it for so long that its arrival says nothing of its age.
  ///   - state: the city, for its sensors and school hours.
  /// - Returns: the decision.
  public static func of(
    _ message: Message, mayHaveWaited: Bool = false, in state: borrowing CityState
  ) -> Admission {
    let isCommand = Topics.isCommand(message.topic)
    guard message.payload.count <= (isCommand ? maximumCommand : maximumPayload) else {
      return .refused(.payloadTooLarge, sensor: state.sensor(onTopic: message.topic))
    }
    let found: Sender?
    do {
      found = try state.sender(of: message.payload, topic: message.topic)
    } catch {
      return .refused(error)
    }
    guard let sender = found else {
      guard isCommand else { return .refused(unknown(message.topic, in: state)) }
      return message.isRetained ? .refused(.commandRetained) : .admitted(.command(message), sensor: nil, refusals: [])
    }
    let sensor = sender.sensor
    guard !message.payload.isEmpty else { return .refused(.payloadEmpty, sensor: sensor) }
    if sender.message?.kind == .other { return .refused(.notAMeasurement, sensor: sensor) }
    if state.maintenance(of: sensor, at: message.arrival) != nil {
      let decoded = try? state.decode(message.payload, of: sender, topic: message.topic, arrival: message.arrival)
      return .refused(.maintenance, readings: Int64(decoded?.count ?? 1), sensor: sensor)
    }
    let asItIs = Admission.admitted(.message(message), sensor: sensor, refusals: [])
    let isInSchoolyard = state.isInSchoolyard(sensor: sensor)
    guard message.isRetained || mayHaveWaited || isInSchoolyard else { return asItIs }
    let configured = state.city.sensors[sensor]

    // These kinds are looked into before they are stored.
    let decoded: Decoded
    do {
      decoded = try state.decode(message.payload, of: sender, topic: message.topic, arrival: message.arrival)
    } catch {
      return message.isRetained || isInSchoolyard ? .refused(error, sensor: sensor) : asItIs
    }
    // A retained message without a time of its own may be years old, and one that waited as old as the night was long.
    let readings = Int64(decoded.count)
    if (message.isRetained || mayHaveWaited) && !decoded.observations.allSatisfy(\.hasOwnTime) {
      return .refused(.retained, readings: readings, sensor: sensor)
    }
    guard isInSchoolyard, let place = configured.place else { return asItIs }
    // A device's clock may be wrong: neither its time nor the arrival may lie in school hours.
    let isSchoolNow = state.hasSchoolHours(place: place, from: message.arrival, to: message.arrival)
    func isInSchool(_ observation: Observation) -> Bool {
      // A level stands for the seconds before or after its time: devices differ.
      let span = Span.seconds(observation.field.isSound ? observation.seconds ?? configured.period : 0)
      return isSchoolNow
        || state.hasSchoolHours(place: place, from: observation.time - span, to: observation.time + span)
    }
    // What is not understood, and what nobody asked for, may be a count all the same: of a message of school hours only
    // what is kept is stored. That somebody joined a network says nothing of anybody.
    guard sender.message?.kind != .join, isSchoolNow || decoded.observations.contains(where: isInSchool) else {
      return asItIs
    }
    let kept = decoded.observations.filter { observation in
      !(observation.field.isAboutPeople || observation.field.isSound) || !isInSchool(observation)
    }
    let refused = decoded.observations.count - kept.count
    // A frame of which nothing is kept must be known all the same: its copy may come after school.
    let frame = sender.message?.frame?.identity
    guard !kept.isEmpty || frame != nil else {
      return .refused(refused > 0 ? .schoolHours : decoded.refusals[0], readings: readings, sensor: sensor)
    }
    var reduced = message
    reduced.payload = SenMLProfile.encode(kept, frame: frame)
    if sender.decoder != .senml { reduced.topic = configured.ownTopic }
    let refusals = decoded.refusals + Array(repeating: .schoolHours, count: refused)
    return .admitted(.message(reduced), sensor: sensor, refusals: refusals)
  }

  private static func unknown(_ topic: String, in state: borrowing CityState) -> Refusal {
    guard Topics.isWellFormed(topic) else { return .topicMalformed }
    guard let (place, _) = Topics.upSegments(topic) else { return .topicNotConfigured }
    return state.place(String(place)) == nil ? .placeUnknown : .sensorUnknown
  }
}

extension CityState {
  /// Decides on a message.
  ///
  /// A method, so that the city is lent and not copied.
  func admission(of message: Message, mayHaveWaited: Bool) -> Admission {
    Admission.of(message, mayHaveWaited: mayHaveWaited, in: self)
  }
}
