// Commands of people on duty: read strictly, answered always.

public import CoolIslands
internal import JSONText
internal import Publication
public import Quantities

/// What a command asks for.
public enum Command: Hashable, Sendable {
  /// Says what a source holds of the heat, now and in what comes.
  case heat(HeatEntry.Source, [HeatEntry])
  /// Opens or closes a place by hand, or returns it to its timetable (nil).
  case override(place: String, OpeningOverride?)
  /// Begins or ends (nil) the maintenance of a sensor, in which its readings do not count.
  case maintenance(sensor: String, Maintenance?)
}

/// Why a command is refused, in a sentence for the one who sent it.
public struct CommandError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The sentence.
  public let description: String

  init(_ description: String) { self.description = description }
}

/// What became of a command.
public struct CommandResult: Hashable, Sendable {
  /// The command's topic.
  public var topic: String
  /// When.
  public var at: Instant
  /// Why it was refused; nil when it was accepted.
  public var refusal: String?
  /// Who gave it and why, as far as it says.
  public var by: String?
  /// The reason.
  public var reason: String?
  /// What held before, in a few words.
  public var before = ""
  /// What holds after.
  public var after = ""
  /// Whether it came by the operators' port, which knows who acts; the broker only knows what they say.
  public var isFromPort = false
  /// Whether an audit log should tell it: a bulletin that comes again says nothing new.
  public var isNews = true

  /// What `tonnelle/v1/gateway/<id>/command/result` carries.
  public func json() -> [UInt8] {
    var json = JSONWriter()
    json.object { json in
      json.member("command", topic)
      json.member("at", at.rfc3339())
      json.member("accepted", refusal == nil)
      json.member(ifPresent: "refused_because", refusal)
    }
    return json.bytes
  }
}

extension Command {
  /// Reads a command.
  ///
  /// - Parameters:
  ///   - message: the message.
  ///   - departement: the city's, for what a national bulletin says of it.
  /// - Throws: ``CommandError`` with a sentence that says what was expected.
  public init(_ message: Message, departement: String?) throws(CommandError) {
    let document: JSONDocument
    do {
      document = try JSONDocument(message.payload)
    } catch {
      throw CommandError("the payload is not JSON: \(error)")
    }
    let fields = Fields(root: document.root, at: message.arrival)
    let parts = message.topic.split(separator: "/", omittingEmptySubsequences: false).dropFirst(3)
    switch (parts.first, parts.count) {
    case ("heat", 1):
      try fields.allow(["level", "by", "reason", "until"])
      if fields.root["level"]?.kind == .null {
        _ = (try fields.text("by"), try fields.text("reason"))
        self = .heat(.operator, [])
        return
      }
      guard let level = fields.root["level"]?.integer, (1...4).contains(level) else {
        throw CommandError("\"level\" must be 1, 2, 3 or 4, or null where you say nothing any more")
      }
      self = .heat(
        .operator,
        [
          HeatEntry(
            source: .operator, level: level, from: message.arrival, until: try fields.until(),
            by: try fields.text("by"), reason: try fields.text("reason"))
        ])
    case ("vigilance", 1):
      guard let departement else { throw CommandError("the settings do not name the city's departement") }
      self = .heat(
        .feed,
        try VigilanceBulletin.read(document.root, departement: departement, arrival: message.arrival))
    case ("places", 3) where parts.last == "override":
      try fields.allow(["state", "by", "reason", "until"])
      let place = String(parts[parts.startIndex + 1])
      let state: OpeningState
      switch fields.root["state"]?.string {
      case "open": state = .open
      case "closed": state = .closed
      case "regular":
        self = .override(place: place, nil)
        return
      default: throw CommandError("\"state\" must be \"open\", \"closed\" or \"regular\"")
      }
      self = .override(
        place: place,
        OpeningOverride(
          state: state, until: try fields.until(), by: try fields.text("by"), reason: try fields.text("reason")))
    case ("sensors", 3) where parts.last == "maintenance":
      try fields.allow(["by", "reason", "until"])
      let (by, reason) = (try fields.text("by"), try fields.text("reason"))
      let isEnd = fields.root["until"]?.kind == .null
      self = .maintenance(
        sensor: String(parts[parts.startIndex + 1]),
        isEnd ? nil : Maintenance(until: try fields.until(), by: by, reason: reason))
    default:
      throw CommandError("there is no such command: \(message.topic)")
    }
  }

  /// Who gave a command and why, where its payload says so in the usual places.
  static func author(of message: Message) -> (by: String?, reason: String?) {
    guard let root = try? JSONDocument(message.payload).root, root.kind == .object else { return (nil, nil) }
    return (root["by"]?.string, root["reason"]?.string)
  }

  private struct Fields {
    let root: JSONValue
    let at: Instant

    func allow(_ keys: [String]) throws(CommandError) {
      guard root.kind == .object else { throw CommandError("a JSON object was expected") }
      for member in root.members where !keys.contains(member.key) {
        throw CommandError("\"\(member.key)\" is not known here; known are \(keys.joined(separator: ", "))")
      }
    }

    func text(_ key: String) throws(CommandError) -> String {
      guard let text = root[key]?.string, !text.isEmpty else { throw CommandError("\"\(key)\" is missing") }
      guard text.utf8.count <= 2000 else { throw CommandError("\"\(key)\" has more than 2,000 bytes") }
      return text
    }

    func until() throws(CommandError) -> Instant {
      guard let until = root["until"].flatMap({ Instant(rfc3339: $0.slice) }) else {
        throw CommandError("\"until\" must be a time such as 2026-07-18T22:00:00+02:00")
      }
      guard until > at else { throw CommandError("\"until\" has passed") }
      return until
    }
  }
}
