// From SenML records to fields: which names a sensor may use, and which units each takes.

public import Quantities
internal import JSONText

/// The profile of `tonnelle/v1/up/<place>/<sensor>`; `Firmware-protocol/PROTOCOL.md` describes it for makers.
public enum SenMLProfile {
  /// What a payload says.
  ///
  /// - Throws: ``Refusal`` when nothing of it can be used.
  public static func decode(_ payload: [UInt8], arrival: Instant) throws(Refusal) -> Decoded {
    var decoded = Decoded()
    try decode(payload, arrival: arrival, into: &decoded)
    return decoded
  }

  /// The same, into the memory of an earlier result: of an ordinary pack nothing is allocated.
  ///
  /// - Throws: ``Refusal`` when nothing of it can be used.
  public static func decode(
    _ payload: [UInt8], arrival: Instant, into decoded: inout Decoded
  ) throws(Refusal) {
    decoded.removeAll()
    guard let first = payload.first else { throw .payloadEmpty }
    if SenMLCBOR.isLikely(first) {
      return try decodeThoroughly(try SenMLCBOR.json(of: payload), arrival: arrival, into: &decoded)
    }
    if ordinaryPack(payload, arrival: arrival, into: &decoded.observations) { return }
    decoded.removeAll()
    try decodeThoroughly(payload, arrival: arrival, into: &decoded)
  }

  /// The whole of RFC 8428, and every reason to refuse.
  package static func decodeThoroughly(
    _ payload: [UInt8], arrival: Instant, into decoded: inout Decoded
  ) throws(Refusal) {
    try SenMLPack.read(payload, arrival: arrival) { outcome in
      do throws(Refusal) {
        decoded.observations.append(try observation(try outcome.get()))
      } catch {
        decoded.refusals.append(error)
      }
    }
  }

  /// What becomes of each record, with the words of the record.
  static func outcomes(
    _ payload: [UInt8], arrival: Instant
  ) throws(Refusal) -> [(what: String, outcome: Result<Observation, Refusal>)] {
    guard let first = payload.first else { throw .payloadEmpty }
    let pack = SenMLCBOR.isLikely(first) ? try SenMLCBOR.json(of: payload) : payload
    var outcomes: [(what: String, outcome: Result<Observation, Refusal>)] = []
    try SenMLPack.read(pack, arrival: arrival) { read in
      do throws(Refusal) {
        let record = try read.get()
        let unit = record.unit.map { " in \(String(decoding: $0, as: UTF8.self))" } ?? ""
        do throws(Refusal) {
          outcomes.append((String(decoding: record.name, as: UTF8.self) + unit, .success(try observation(record))))
        } catch {
          outcomes.append((String(decoding: record.name, as: UTF8.self) + unit, .failure(error)))
        }
      } catch {
        outcomes.append(("a record", .failure(error)))
      }
    }
    return outcomes
  }

  /// The pack that says the same as some observations: what is journalled when a part of a pack is refused.
  ///
  /// - Parameters:
  ///   - observations: what is left.
  ///   - frame: the identity of the radio frame that it came in; it becomes the base name, which means nothing else.
  /// - Returns: SenML in JSON.
  public static func encode(_ observations: [Observation], frame: UInt64? = nil) -> [UInt8] {
    var json = JSONWriter()
    json.array { json in
      if let frame {
        let digits = String(frame, radix: 16)
        let base = framePrefix + String(repeating: "0", count: 16 - digits.utf8.count) + digits + ":"
        json.object { $0.member("bn", base) }
      }
      for observation in observations {
        json.object { json in
          let duration = observation.seconds.map { "_\($0)s" } ?? ""
          json.member("n", observation.field.rawValue + duration)
          json.member("v", raw: Milli<Percent>(observation.value).text(places: 3))
          if observation.hasOwnTime {
            let time = max(observation.time, firstAbsolute)
            json.member("t", raw: Milli<Percent>(time.milliseconds).text(places: 3))
          }
        }
      }
    }
    return json.bytes
  }

  /// Smaller numbers of seconds are relative (RFC 8428 §4.5.3): an earlier moment, which is too old in any case, would
  /// come back as one that has not come yet.
  private static let firstAbsolute = Instant(seconds: 1 << 28)

  private static let framePrefix = "frame-"
  private static let frameHead = Array(#"[{"bn":"\#(framePrefix)"#.utf8)

  /// The radio frame of a pack that ``encode(_:frame:)`` wrote.
  public static func frame(of payload: [UInt8]) -> UInt64? {
    guard payload.starts(with: frameHead), payload.count > frameHead.count + 16 else { return nil }
    return UInt64(String(decoding: payload[frameHead.count..<frameHead.count + 16], as: UTF8.self), radix: 16)
  }

  private static func observation(_ record: SenMLRecord) throws(Refusal) -> Observation {
    guard let (field, seconds) = field(named: record.name) else { throw .nameUnknown }
    let number: ExactDecimal
    switch record.value {
    case .number(let value): number = value
    case .boolean(let flag) where field == .occupied: number = ExactDecimal(flag ? 1 : 0)
    case .boolean, .text, .data: throw .valueNotANumber
    case .none: throw .valueMissing
    }
    guard let value = field.inOwnUnit(number, unit: record.unit) else { throw .unitUnknown }
    let thousandths = value.thousandths
    guard field.isPlausible(thousandths) else { throw .valueImplausible }
    return Observation(
      field: field, value: field.clamped(thousandths), time: record.time, hasOwnTime: record.hasOwnTime,
      seconds: seconds)
  }

  /// The field that a name ends in, behind its last `:` or `/`; a level may carry its duration, as `laeq_60s`.
  static func field(named name: ArraySlice<UInt8>) -> (Field, seconds: Int64?)? {
    var tail = name
    if let mark = name.lastIndex(where: { $0 == 0x3A || $0 == 0x2F }) { tail = name[(mark + 1)...] }
    if let field = Field(name: tail) { return (field, nil) }
    guard let underscore = tail.lastIndex(of: 0x5F), let field = Field(name: tail[..<underscore]), field.isSound else {
      return nil
    }
    let duration = tail[(underscore + 1)...]
    let factor: Int64
    switch duration.last {
    case 0x73: factor = 1
    case 0x6D: factor = 60
    default: return nil
    }
    guard let count = Int64(String(decoding: duration.dropLast(), as: UTF8.self)), (1...3600).contains(count),
      count * factor <= 3600
    else { return nil }
    return (field, count * factor)
  }
}
