// What replay does to a trace before it counts: another time, other names of devices.

internal import Configuration
internal import Core
internal import CoolIslands
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
    message.payload = JSONRewriting.values(of: message.payload) { path, value in
      switch path.last {
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
    let identifier = Self.identifier(name)
    let name = identifier ?? name
    if let known = names[name] { return known }
    let text = String(names.count + 1, radix: identifier == nil ? 10 : 16)
    let new = identifier == nil ? "sensor-\(text)" : String(repeating: "0", count: name.count - text.count) + text
    names[name] = new
    return new
  }

  /// Twelve or sixteen hexadecimal digits, also in pairs as on a label, in the form in which they are compared.
  private static func identifier(_ text: String) -> String? {
    guard 12...23 ~= text.utf8.count else { return nil }
    let pairs = text.split(omittingEmptySubsequences: false) { "-: ".contains($0) }
    guard pairs.count == 1 || pairs.allSatisfy({ $0.utf8.count == 2 }) else { return nil }
    let digits = pairs.joined()
    guard digits.utf8.count == 12 || digits.utf8.count == 16, digits.allSatisfy(\.isHexDigit) else { return nil }
    return digits.lowercased()
  }

  /// The other name of a text, if it is that of a device.
  private mutating func known(_ text: String) -> String? {
    names[text] ?? (Self.identifier(text) == nil ? nil : device(text))
  }

  /// A topic, a name or a table: what stands between separators.
  private mutating func parts(_ text: String, separators: Set<Character> = ["/", ":"]) -> String {
    if let whole = known(text) { return whole }
    var result = ""
    var part = ""
    for character in text {
      guard separators.contains(character) else {
        part.append(character)
        continue
      }
      result += known(part) ?? part
      result.append(character)
      part = ""
    }
    return result + (known(part) ?? part)
  }

  private mutating func anonymous(_ message: Message) -> Message {
    var message = message
    let levels = message.topic.split(separator: "/", omittingEmptySubsequences: false)
    if levels.count == 5, message.topic.hasPrefix("tonnelle/v1/up/") { _ = device(String(levels[4])) }
    message.topic = parts(message.topic)
    message.payload = JSONRewriting.values(of: message.payload) { path, value in
      guard let text = value.string else { return nil }
      switch path.last {
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
    for file in text.files {
      guard let root = try? JSONDocument(file.text, options: .forPeople).root else { continue }
      for sensor in root["sensors"].map({ Array($0.elements) }) ?? [] {
        if let id = sensor["id"]?.string { _ = device(id) }
      }
    }
    // Those of the fleet's lists too.
    for sensor in ConfigurationReader.values(text).configured?.city.sensors ?? [] { _ = device(sensor.id) }
    for index in text.files.indices {
      let bare = JSONRewriting.withoutComments(text.files[index].text)
      guard (try? JSONDocument(bare, options: .forPeople)) != nil else {
        text.files[index].text = anonymous(table: text.files[index].text)
        continue
      }
      text.files[index].text = JSONRewriting.values(of: bare, forPeople: true) { path, value in
        guard let string = value.string, let key = path.last else { return nil }
        if path.contains("contacts") { return JSONRewriting.quoted("somebody") }
        switch key {
        case "host": return JSONRewriting.quoted("127.0.0.1")
        case "username", "client_id", "tenant": return JSONRewriting.quoted("anonymous")
        case "contact": return JSONRewriting.quoted("mailto:nobody@example.org")
        case "mail": return JSONRewriting.quoted("nobody@example.org")
        case "command": return JSONRewriting.quoted("/bin/false")
        case "webhook": return JSONRewriting.quoted("https://example.org")
        case "url":
          return JSONRewriting.quoted("https://example.org" + (string.contains("{z}") ? "/{z}/{x}/{y}.png" : ""))
        default: return JSONRewriting.quoted(parts(string))
        }
      }
    }
    return text
  }

  /// A table of sensors or of people per square, or a calendar: only the names of devices are looked for.
  private mutating func anonymous(table: [UInt8]) -> [UInt8] {
    guard UTF8Check.isText(table) else { return table }
    let separators: Set<Character> = [",", ";", "\t", "\"", "\r", "\n", "\r\n"]
    return Array(parts(String(decoding: table, as: UTF8.self), separators: separators).utf8)
  }
}

/// Other values in a JSON text, everything else byte for byte as it was.
enum JSONRewriting {
  /// Replaces values of members and elements.
  ///
  /// - Parameters:
  ///   - text: the text; what is not JSON is returned as it is.
  ///   - forPeople: whether comments may stand in it.
  ///   - body: takes the keys that lead to a value, and the value; gives the JSON that takes its place, or nil.
  /// - Returns: the text with the other values.
  static func values(
    of text: [UInt8], forPeople: Bool = false, _ body: ([String], JSONValue) -> String?
  ) -> [UInt8] {
    guard let root = try? JSONDocument(text, options: forPeople ? .forPeople : .strict).root else { return text }
    var changes: [(range: Range<Int>, text: String)] = []
    func walk(_ value: JSONValue, _ path: [String]) {
      for member in value.members { walk(member.value, path + [member.key]) }
      for element in value.elements { walk(element, path) }
      guard value.kind != .object, value.kind != .array, let new = body(path, value) else { return }
      let slice = value.slice
      // Of a string the slice lies between the quotes.
      let quote = value.kind == .string ? 1 : 0
      changes.append((slice.startIndex - quote..<slice.endIndex + quote, new))
    }
    walk(root, [])
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
