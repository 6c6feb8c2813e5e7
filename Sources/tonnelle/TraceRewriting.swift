// What replay does to a trace before it counts: another time, other names of devices.

internal import Core
internal import JSONText
internal import Quantities

/// Moves a trace in time, the times that devices gave included.
struct Shift {
  private var span: Span?
  /// With `now` the first entry decides.
  private let start: Instant?

  /// Reads `now`, or a number with its unit: `-9d`, `36h`, `90m`, `15s`.
  init(_ text: String, now: Instant) throws(CommandFailure) {
    start = text == "now" ? now : nil
    guard start == nil else { return }
    let units: [Character: Int64] = ["d": 86_400, "h": 3600, "m": 60, "s": 1]
    guard let unit = text.last.flatMap({ units[$0] }), let count = Int64(text.dropLast()), abs(count) < 1_000_000 else {
      throw CommandFailure(
        "--shift takes now, or a number and its unit such as -9d, 36h, 90m or 15s, not \"\(text)\"",
        code: ExitCode.usage)
    }
    span = .seconds(count * unit)
  }

  mutating func apply(_ entry: Entry) -> Entry {
    let span = self.span ?? (start ?? entry.at) - entry.at
    self.span = span
    switch entry {
    case .message(let message): return .message(moved(message, by: span))
    case .command(let message): return .command(moved(message, by: span))
    case .configuration(let at, let text): return .configuration(at + span, text)
    case .connected(let at, let present): return .connected(at + span, sessionPresent: present)
    case .clock(let from, let to): return .clock(from: from + span, to: to + span)
    case .refused(let at, let source, let counts): return .refused(at + span, source: source, counts)
    }
  }

  private func moved(_ message: Message, by span: Span) -> Message {
    var message = message
    message.arrival = message.arrival + span
    message.payload = JSONRewriting.values(of: message.payload) { key, value in
      switch key {
      case "t", "bt":
        // SenML: below 2²⁸ s a time is relative already.
        guard let seconds = value.numberText.flatMap({ ExactDecimal($0) }), seconds >= ExactDecimal(1 << 28) else {
          return nil
        }
        return Milli<Never>(seconds.thousandths + span.milliseconds).text(places: 3)
      case "until", "from":
        return value.string.flatMap { Instant(rfc3339: $0) }.map { "\"\(($0 + span).rfc3339())\"" }
      default: return nil
      }
    }
    return message
  }
}

/// Gives devices and people other names, the same ones everywhere in a trace.
///
/// Places keep theirs: they are public. A device is what stands last in `tonnelle/v1/up/<place>/<sensor>`, what the
/// settings of the trace list as a sensor, and anything of twelve or sixteen hexadecimal digits.
struct Anonymiser {
  private var names: [String: String] = [:]
  private var people: [String: String] = [:]

  mutating func apply(_ entry: Entry) -> Entry {
    switch entry {
    case .message(let message): return .message(anonymous(message))
    case .command(let message): return .command(anonymous(message))
    case .refused(let at, let source, let counts): return .refused(at, source: source.map { device($0) }, counts)
    case .configuration(let at, let text): return .configuration(at, anonymous(text))
    case .connected, .clock: return entry
    }
  }

  private mutating func device(_ name: String) -> String {
    if let known = names[name] { return known }
    let number = names.count + 1
    let isIdentifier = Self.isIdentifier(name)
    let text = String(number, radix: isIdentifier ? 16 : 10)
    names[name] = isIdentifier ? String(repeating: "0", count: name.count - text.count) + text : "sensor-\(text)"
    return names[name] ?? name
  }

  private static func isIdentifier(_ text: String) -> Bool {
    (text.utf8.count == 12 || text.utf8.count == 16) && text.allSatisfy(\.isHexDigit)
  }

  /// A topic or a name: its parts between `/` and `:`.
  private mutating func parts(_ text: String) -> String {
    var result = ""
    var part = ""
    for character in text + "/" {
      guard character == "/" || character == ":" else {
        part.append(character)
        continue
      }
      result += names[part] ?? (Self.isIdentifier(part) ? device(part) : part)
      result.append(character)
      part = ""
    }
    return String(result.dropLast())
  }

  private mutating func anonymous(_ message: Message) -> Message {
    var message = message
    let levels = message.topic.split(separator: "/", omittingEmptySubsequences: false)
    if levels.count == 5, message.topic.hasPrefix("tonnelle/v1/up/") { _ = device(String(levels[4])) }
    message.topic = parts(message.topic)
    message.payload = JSONRewriting.values(of: message.payload) { key, value in
      guard let text = value.string else { return nil }
      switch key {
      case "by":
        if people[text] == nil { people[text] = "person-\(people.count + 1)" }
        return JSONRewriting.quoted(people[text] ?? "")
      case "reason": return JSONRewriting.quoted("reason")
      default: return JSONRewriting.quoted(parts(text))
      }
    }
    return message
  }

  private mutating func anonymous(_ text: ConfigurationText) -> ConfigurationText {
    var text = text
    for index in text.files.indices {
      if let root = try? JSONDocument(text.files[index].text, options: .forPeople).root {
        for sensor in root["sensors"].map({ Array($0.elements) }) ?? [] {
          if let id = sensor["id"]?.string { _ = device(id) }
        }
      }
      let bare = JSONRewriting.withoutComments(text.files[index].text)
      text.files[index].text = JSONRewriting.values(of: bare, forPeople: true) { key, value in
        guard let string = value.string else { return nil }
        switch key {
        case "host": return JSONRewriting.quoted("127.0.0.1")
        case "username", "client_id": return JSONRewriting.quoted("anonymous")
        case "contact": return JSONRewriting.quoted("mailto:nobody@example.org")
        case "url": return JSONRewriting.quoted("https://example.org/{z}/{x}/{y}.png")
        default: return JSONRewriting.quoted(parts(string))
        }
      }
    }
    return text
  }
}

/// Other values in a JSON text, everything else byte for byte as it was.
enum JSONRewriting {
  /// Replaces values of members and elements.
  ///
  /// - Parameters:
  ///   - text: the text; what is not JSON is returned as it is.
  ///   - forPeople: whether comments may stand in it.
  ///   - body: takes the key of a member, or of the list that an element stands in, and its value; gives the JSON that
  ///     takes its place, or nil.
  /// - Returns: the text with the other values.
  static func values(
    of text: [UInt8], forPeople: Bool = false, _ body: (String, JSONValue) -> String?
  ) -> [UInt8] {
    guard let root = try? JSONDocument(text, options: forPeople ? .forPeople : .strict).root else { return text }
    var changes: [(range: Range<Int>, text: String)] = []
    func walk(_ value: JSONValue, key: String) {
      for member in value.members { walk(member.value, key: member.key) }
      for element in value.elements { walk(element, key: key) }
      guard value.kind != .object, value.kind != .array, let new = body(key, value) else { return }
      let slice = value.slice
      // Of a string the slice lies between the quotes.
      let quote = value.kind == .string ? 1 : 0
      changes.append((slice.startIndex - quote..<slice.endIndex + quote, new))
    }
    walk(root, key: "")
    var result = text
    for change in changes.reversed() where !result[change.range].elementsEqual(change.text.utf8) {
      result.replaceSubrange(change.range, with: Array(change.text.utf8))
    }
    return result
  }

  /// A text that people edit, with spaces where its comments were.
  static func withoutComments(_ text: [UInt8]) -> [UInt8] {
    var text = text
    var place = 0
    func byte(_ offset: Int) -> UInt8 { place + offset < text.count ? text[place + offset] : 0 }
    var isInString = false
    while place < text.count {
      switch (isInString, byte(0), byte(1)) {
      case (true, 0x5C, _): place += 1  // an escape takes the next byte with it
      case (_, 0x22, _): isInString.toggle()
      case (false, 0x2F, 0x2F):
        while place < text.count, byte(0) != 0x0A {
          text[place] = 0x20
          place += 1
        }
      case (false, 0x2F, 0x2A):
        while place < text.count, !(byte(0) == 0x2A && byte(1) == 0x2F) {
          if byte(0) != 0x0A { text[place] = 0x20 }
          place += 1
        }
        for index in place..<min(place + 2, text.count) { text[index] = 0x20 }
      default: break
      }
      place += 1
    }
    return text
  }

  /// A text as a JSON string.
  static func quoted(_ text: String) -> String {
    var json = JSONWriter()
    json.string(text)
    return json.text
  }
}
