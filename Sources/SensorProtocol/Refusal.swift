// Why something does not count: a name for the ledger, a sentence for whoever has to mend it.

/// Why a message, or a part of it, does not count.
///
/// The raw value names the counter that operators read.
public enum Refusal: String, CaseIterable, Error, Hashable, Sendable {
  // The message as a whole.
  case topicNotConfigured = "topic_not_configured"
  case placeUnknown = "place_unknown"
  case sensorUnknown = "sensor_unknown"
  case topicMalformed = "topic_malformed"
  case payloadTooLarge = "payload_too_large"
  case payloadEmpty = "payload_empty"
  case malformed = "malformed"
  case notUTF8 = "not_utf8"
  case tooDeep = "too_deep"
  case duplicateKey = "duplicate_key"
  case notAPack = "not_a_pack"
  case tooManyRecords = "too_many_records"
  case versionTooNew = "version_too_new"
  case mustUnderstand = "must_understand"
  case retained = "retained"
  case schoolHours = "school_hours"
  case repeatedDelivery = "redelivered"
  case tooMany = "too_many_messages"
  case maintenance = "maintenance"
  // The message of a server or hub.
  case deviceMissing = "device_missing"
  case deviceUnknown = "device_unknown"
  case simulated = "simulated"
  case notDecoded = "not_decoded"
  case notAMeasurement = "not_a_measurement"
  // One record of a pack.
  case recordMalformed = "record_malformed"
  case nameMalformed = "name_malformed"
  case nameUnknown = "name_unknown"
  case unitUnknown = "unit_unknown"
  case valueMissing = "value_missing"
  case valueNotANumber = "value_not_a_number"
  case valueTooLarge = "value_too_large"
  case valueImplausible = "value_implausible"
  case notThisSensors = "field_not_declared"
  case timeTooOld = "time_too_old"
  case timeAhead = "time_ahead"
  /// The readings after it showed that it was a fault.
  case spike = "spike"
  // A command.
  case commandMalformed = "command_malformed"
  case commandRetained = "command_retained"
}

extension Refusal {
  /// What is wrong, in a sentence for the one who can mend it.
  public var sentence: String {
    switch self {
    case .topicNotConfigured: "no sensor of the settings has this topic"
    case .placeUnknown: "the settings have no place of this name"
    case .sensorUnknown: "the settings have no sensor of this name at this place"
    case .topicMalformed: "a topic has no wildcard, no empty level and no \"..\""
    case .payloadTooLarge: "a message may have 65,536 bytes"
    case .payloadEmpty: "there is nothing in it"
    case .malformed: "it is neither JSON nor CBOR of the expected form, or it is cut"
    case .notUTF8: "its text is not UTF-8"
    case .tooDeep: "lists and objects stand too deep inside each other"
    case .duplicateKey: "an object has the same key twice"
    case .notAPack: "a SenML pack is a list of records"
    case .tooManyRecords: "a pack may have 1,000 records"
    case .versionTooNew: "the pack is of a version after 10"
    case .mustUnderstand: "a key ends in \"_\", so that nobody may read the pack who does not know it"
    case .retained: "the broker had kept it, and it does not say when it was measured"
    case .schoolHours: "it counts people or measures sound in a schoolyard's school hours"
    case .repeatedDelivery: "it was delivered before"
    case .tooMany: "the sensor sends more messages than the settings allow it"
    case .maintenance: "somebody on duty said that the sensor is being worked on"
    case .deviceMissing: "the message does not say from which device it comes"
    case .deviceUnknown: "the settings have no sensor with this device"
    case .simulated: "the server only pretends that a device sent it"
    case .notDecoded: "the server sends the bytes alone: give the device a payload formatter there"
    case .notAMeasurement: "nothing that the sensor's line in the settings asks for is in it"
    case .recordMalformed: "the record has a member of the wrong kind, or two values"
    case .nameMalformed: "a name has 1 to 256 of A-Z, a-z, 0-9, \"-\", \":\", \".\", \"/\" and \"_\""
    case .nameUnknown: "the protocol has no field of this name"
    case .unitUnknown: "the field is never in this unit"
    case .valueMissing: "there is no value"
    case .valueNotANumber: "the value is not a number"
    case .valueTooLarge: "the value is beyond everything that can be measured"
    case .valueImplausible: "no such sensor can measure this value"
    case .notThisSensors: "the sensor's line in the settings does not have this field"
    case .timeTooOld: "it was measured more than 14 days ago"
    case .timeAhead: "it was measured more than an hour from now: the sensor's clock is wrong"
    case .spike: "the readings around it show that it was a fault"
    case .commandMalformed: "the command is not of the expected form"
    case .commandRetained: "a command must not be retained: it would be obeyed again at each start"
    }
  }
}
