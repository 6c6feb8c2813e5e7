// An entry as a line of JSON, in the shape that `mosquitto_sub -F %j` prints, so that anyone can record a trace.
//
//   {"tst":"2026-07-18T10:00:00Z","topic":"…","qos":1,"retain":0,"payloadlen":17,"mid":5,"payload":"…"}
//   {"tst":"…","topic":"…","qos":0,"retain":0,"payloadlen":3,"payload_base64":"gAEC"}      payload is not text
//   {"entry":"command","tst":"…","topic":"…","payload":"…"}
//   {"entry":"configuration","tst":"…","files":[{"name":"…","text":"…"}],"zone_base64":"…"}
//   {"entry":"connected","tst":"…","session_present":true}
//   {"entry":"clock","tst":"…","from":"…"}
//   {"entry":"refused","tst":"…","sensor":"…","counts":{"malformed":2}}                   without one: of nobody known

public import JSONText
internal import Quantities
internal import SensorProtocol

/// Why a line of a trace is skipped.
public struct TraceError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is wrong with the line.
  public let description: String

  init(_ description: String) { self.description = description }
}

extension Entry {
  /// Appends the entry's line, newline included.
  public func write(to json: inout JSONWriter) {
    switch self {
    case .message(let message): Self.write(message, entry: nil, to: &json)
    case .command(let message): Self.write(message, entry: "command", to: &json)
    case .configuration(let at, let configuration):
      json.object { json in
        json.member("entry", "configuration")
        json.member("tst", at.rfc3339())
        json.key("files")
        json.array { json in
          for file in configuration.files {
            json.object { json in
              json.member("name", file.name)
              json.key("text")
              json.string(utf8: file.text)
            }
          }
        }
        json.key("zone_base64")
        json.string(utf8: Base64.encode(configuration.zone))
      }
    case .connected(let at, let sessionPresent):
      json.object { json in
        json.member("entry", "connected")
        json.member("tst", at.rfc3339())
        json.member("session_present", sessionPresent)
      }
    case .clock(let from, let to):
      json.object { json in
        json.member("entry", "clock")
        json.member("tst", to.rfc3339())
        json.member("from", from.rfc3339())
      }
    case .refused(let at, let source, let counts):
      json.object { json in
        json.member("entry", "refused")
        json.member("tst", at.rfc3339())
        json.member(ifPresent: "sensor", source)
        json.key("counts")
        json.object { json in for count in counts { json.member(count.refusal.rawValue, count.count) } }
      }
    }
    json.newline()
  }

  private static func write(_ message: Message, entry: String?, to json: inout JSONWriter) {
    json.object { json in
      json.member(ifPresent: "entry", entry)
      json.member("tst", message.arrival.rfc3339())
      json.member("topic", message.topic)
      json.member("qos", message.qos)
      json.member("retain", message.isRetained ? 1 : 0)
      json.member("payloadlen", message.payload.count)
      if let packet = message.packet { json.member("mid", packet) }
      if message.payload.isEmpty {
        json.key("payload")
        json.null()
      } else if UTF8Check.isText(message.payload) {
        json.key("payload")
        json.string(utf8: message.payload)
      } else {
        json.key("payload_base64")
        json.string(utf8: Base64.encode(message.payload))
      }
    }
  }

  /// Reads a line.
  ///
  /// - Throws: ``TraceError`` for a line that cannot be trusted: damaged by a tool that cuts payloads at NUL, cut
  ///   itself, or not of this shape.
  public init(line: [UInt8]) throws(TraceError) {
    let document: JSONDocument
    do {
      document = try JSONDocument(line)
    } catch {
      throw TraceError("not a JSON object: column \(error.position.column), \(error.message)")
    }
    let root = document.root
    guard root.kind == .object else { throw TraceError("a JSON object was expected") }
    guard let tst = root["tst"]?.slice, let at = Instant(rfc3339: tst) else {
      throw TraceError("\"tst\" is missing or not a time")
    }
    switch root["entry"]?.string {
    case nil: self = .message(try Self.message(root, at))
    case "command": self = .command(try Self.message(root, at))
    case "configuration": self = .configuration(at, try Self.configuration(root))
    case "connected":
      guard let present = root["session_present"]?.bool else { throw TraceError("\"session_present\" is missing") }
      self = .connected(at, sessionPresent: present)
    case "clock":
      guard let from = root["from"].flatMap({ Instant(rfc3339: $0.slice) }) else {
        throw TraceError("\"from\" is missing or not a time")
      }
      self = .clock(from: from, to: at)
    case "refused": self = .refused(at, source: root["sensor"]?.string, try Self.counts(root))
    case .some(let other): throw TraceError("there is no entry \"\(other)\"")
    }
  }

  private static func message(_ root: JSONValue, _ at: Instant) throws(TraceError) -> Message {
    guard let topic = root["topic"]?.string else { throw TraceError("\"topic\" is missing") }
    let payload: [UInt8]
    if let text = root["payload"] {
      guard let bytes = text.isNull ? [] : text.stringBytes else { throw TraceError("\"payload\" is not text") }
      payload = bytes
    } else if let text = root["payload_base64"]?.stringBytes, let bytes = Base64.decode(text) {
      payload = bytes
    } else {
      throw TraceError("\"payload\" is missing, or \"payload_base64\" is not base64")
    }
    if let length = root["payloadlen"]?.integer, length != payload.count {
      throw TraceError("damaged: the payload had \(length) bytes, \(payload.count) were recorded")
    }
    return Message(
      arrival: at, topic: topic, payload: payload, qos: min(max(root["qos"]?.integer ?? 0, 0), 2),
      isRetained: root["retain"].map { $0.integer == 1 || $0.bool == true } ?? false, packet: root["mid"]?.integer)
  }

  private static func configuration(_ root: JSONValue) throws(TraceError) -> ConfigurationText {
    guard let files = root["files"], let zone = root["zone_base64"]?.stringBytes.flatMap(Base64.decode) else {
      throw TraceError("\"files\" or \"zone_base64\" is missing")
    }
    var texts: [ConfigurationText.File] = []
    for file in files.elements {
      guard let name = file["name"]?.string, let text = file["text"]?.stringBytes else {
        throw TraceError("a file has no \"name\" or no \"text\"")
      }
      texts.append(.init(name: name, text: text))
    }
    return ConfigurationText(files: texts, zone: zone)
  }

  private static func counts(_ root: JSONValue) throws(TraceError) -> [RefusalCount] {
    var counts: [RefusalCount] = []
    for member in root["counts"].map({ Array($0.members) }) ?? [] {
      guard let refusal = Refusal(rawValue: member.key), let count = member.value.integer, (0...1 << 40).contains(count)
      else {
        throw TraceError("\"\(member.key)\" is not a count of refusals")
      }
      counts.append(RefusalCount(refusal, Int64(count)))
    }
    return counts
  }
}
