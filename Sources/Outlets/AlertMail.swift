// An alert as a mail: headers and a text in one language, all of it ASCII on the wire.

internal import JSONText
internal import Quantities

enum AlertMail {
  /// The mail of an event's JSON text; nil if that is none of ours.
  static func text(_ body: [UInt8], to address: String, language: String) -> [UInt8]? {
    guard let event = try? JSONDocument(body).root, let id = event["id"]?.string,
      let sentence = event["sentence"]?[language]?.string, let city = event["city"]?.string,
      let gateway = event["gateway"]?.string, let severity = event["severity"]?.string,
      let state = event["state"]?.string, let at = event["at"]?.string
    else { return nil }
    let isFrench = language == "fr"
    var lines = [sentence, ""]
    for subject in event["subjects"]?.elements.map({ $0 }) ?? [] {
      guard let name = subject["name"]?.string, let since = subject["since"]?.string else { continue }
      lines.append(isFrench ? "- \(name), depuis \(since)" : "- \(name), since \(since)")
    }
    lines += ["", isFrench ? "Passerelle : \(gateway), \(at)" : "Gateway: \(gateway), \(at)"]
    if let link = event["link"]?.string { lines.append(link) }
    let mark = state == "cleared" ? (isFrench ? "fin" : "over") : severity == "critical" ? "!" : nil
    let subject = "[Tonnelle \(city)]\(mark.map { " (\($0))" } ?? "") \(sentence)"
    let headers = [
      "To: \(address)", "Subject: \(encoded(subject))", "Message-ID: <\(id)@\(gateway).tonnelle>",
      "X-Tonnelle-Event: \(id)", "Auto-Submitted: auto-generated", "MIME-Version: 1.0",
      "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: base64",
    ]
    let content = Base64.encode(Array(lines.joined(separator: "\r\n").utf8))
    var mail = Array((headers.joined(separator: "\n") + "\n\n").utf8)
    for start in stride(from: 0, to: content.count, by: 76) {
      mail += content[start..<min(start + 76, content.count)] + [0x0A]
    }
    return mail
  }

  /// A header's text as encoded words of at most 75 characters (RFC 2047 §2).
  private static func encoded(_ text: String) -> String {
    var words: [String] = []
    var word = ""
    for character in text.prefix(200) {
      if word.utf8.count + character.utf8.count > 42 {
        words.append(word)
        word = ""
      }
      word.append(character)
    }
    if !word.isEmpty { words.append(word) }
    return words.map { "=?UTF-8?B?\(String(decoding: Base64.encode($0.utf8), as: UTF8.self))?=" }
      .joined(separator: "\n ")
  }
}
