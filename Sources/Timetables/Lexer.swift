// Words, numbers and signs of an opening_hours value; spellings that are usual without being right are mended here.

struct Token {
  enum Kind: Hashable {
    /// Lower case.
    case word(String)
    /// Its value, and how many digits it was written with.
    case number(Int, Int)
    case comment(String)
    case colon, dash, comma, semicolon, bars, plus, slash, dot
    case leftBracket, rightBracket, leftParenthesis, rightParenthesis
    /// The `h` of `9h30`.
    case hour
    case end
  }
  let kind: Kind
  /// First and last column, from 1.
  let column: Int
  let end: Int
}

struct Lexer {
  private let characters: [Character]
  private(set) var warnings: [OpeningHoursProblem] = []
  private(set) var error: OpeningHoursProblem?

  init(_ text: String) { characters = Array(text) }

  static let months: [String: Int] = [
    "jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11,
    "dec": 12,
  ]
  static let weekdays: [String: Int] = ["mo": 0, "tu": 1, "we": 2, "th": 3, "fr": 4, "sa": 5, "su": 6]

  /// What people write, and what is meant.
  private static let spellings: [String: String] = [
    "monday": "mo", "tuesday": "tu", "wednesday": "we", "thursday": "th", "friday": "fr", "saturday": "sa",
    "sunday": "su", "mon": "mo", "tue": "tu", "tues": "tu", "wed": "we", "thu": "th", "thur": "th", "thurs": "th",
    "fri": "fr", "sat": "sa", "sun": "su", "lu": "mo", "ma": "tu", "me": "we", "je": "th", "ve": "fr", "di": "su",
    "lun": "mo", "mer": "we", "jeu": "th", "ven": "fr", "sam": "sa", "dim": "su", "lundi": "mo", "mardi": "tu",
    "mercredi": "we", "jeudi": "th", "vendredi": "fr", "samedi": "sa", "dimanche": "su", "january": "jan",
    "february": "feb", "march": "mar", "april": "apr", "june": "jun", "july": "jul", "august": "aug",
    "september": "sep", "sept": "sep", "october": "oct", "november": "nov", "december": "dec", "janvier": "jan",
    "février": "feb", "mars": "mar", "avril": "apr", "mai": "may", "juin": "jun", "juillet": "jul", "août": "aug",
    "septembre": "sep", "octobre": "oct", "novembre": "nov", "décembre": "dec",
  ]

  mutating func tokens() -> [Token] {
    var tokens: [Token] = []
    var at = 0
    while at < characters.count, error == nil {
      let character = characters[at]
      let start = at
      at += 1
      if character.isWhitespace { continue }
      func token(_ kind: Token.Kind) -> Token { Token(kind: kind, column: start + 1, end: at) }
      if character == "\"" || character == "“" || character == "”" {
        if character != "\"" { warn("'\"' is the usual quote", start) }
        while at < characters.count, !["\"", "“", "”"].contains(characters[at]) { at += 1 }
        guard at < characters.count else {
          error = .init(column: start + 1, message: "the closing quote of the comment was expected")
          break
        }
        let text = String(characters[start + 1..<at]).trimmed
        at += 1
        tokens.append(token(.comment(text)))
      } else if character.isASCII, character.isNumber {
        while at < characters.count, characters[at].isASCII, characters[at].isNumber { at += 1 }
        guard at - start <= 4, let number = Int(String(characters[start..<at])) else {
          error = .init(column: start + 1, message: "no number of opening hours has so many digits")
          break
        }
        tokens.append(token(.number(number, at - start)))
      } else if character.isLetter {
        while at < characters.count, characters[at].isLetter { at += 1 }
        let written = String(characters[start..<at])
        let word = written.lowercased()
        if word == "h" || word == "hs", case .number = tokens.last?.kind, tokens.last?.end == start {
          tokens.append(token(.hour))
        } else if word == "h", case .number = tokens.last?.kind {
          tokens.append(token(.hour))
        } else if word == "à" || word == "to" || word == "bis" || word == "till" {
          warn("'-' is meant", start)
          tokens.append(token(.dash))
        } else if word == "et" || word == "and" {
          warn("',' is meant", start)
          tokens.append(token(.comma))
        } else if let usual = Self.spellings[word] {
          warn("'\(usual.capitalizedFirst)' is the usual spelling of '\(written)'", start)
          skipDot(behind: usual, at: &at)
          tokens.append(token(.word(usual)))
        } else if (word == "a" || word == "p"), String(characters[at...].prefix(3)).lowercased() == ".m." {
          at += 3
          tokens.append(token(.word(word + "m")))
        } else {
          if Self.isUnusual(written) { warn("'\(word.usualCase)' is the usual spelling of '\(written)'", start) }
          skipDot(behind: word, at: &at)
          tokens.append(token(.word(word)))
        }
      } else if let kind = sign(character, at: &at) {
        tokens.append(token(kind))
      } else {
        error = .init(column: start + 1, message: "'\(character)' means nothing in opening hours")
      }
    }
    return tokens
  }

  /// `Mo.` is read as `Mo`.
  private mutating func skipDot(behind word: String, at: inout Int) {
    guard Self.weekdays[word] != nil || Self.months[word] != nil, at < characters.count, characters[at] == "." else {
      return
    }
    warn("no '.' stands behind it", at)
    at += 1
  }

  private mutating func sign(_ character: Character, at: inout Int) -> Token.Kind? {
    switch character {
    case ":": return .colon
    case "：":
      warn("':' is meant", at - 1)
      return .colon
    case "-": return .dash
    case "–", "—", "−", "‐", "‑", "~", "～":
      warn("'-' is meant", at - 1)
      return .dash
    case ",": return .comma
    case "，", "、", "&":
      warn("',' is meant", at - 1)
      return .comma
    case ";": return .semicolon
    case "；":
      warn("';' is meant", at - 1)
      return .semicolon
    case "+": return .plus
    case "/": return .slash
    case ".": return .dot
    case "[": return .leftBracket
    case "]": return .rightBracket
    case "(": return .leftParenthesis
    case ")": return .rightParenthesis
    case "|":
      if at < characters.count, characters[at] == "|" {
        at += 1
      } else {
        warn("'||' is meant", at - 1)
      }
      return .bars
    default: return nil
    }
  }

  /// Whether a word of the grammar is not written as usual: `mo`, `OFF`.
  private static func isUnusual(_ written: String) -> Bool {
    let word = written.lowercased()
    let isKnown =
      months[word] != nil || weekdays[word] != nil || SunEvent(rawValue: word) != nil
      || ["ph", "sh", "week", "easter", "open", "closed", "off", "unknown", "day", "days"].contains(word)
    return isKnown && written != word.usualCase
  }

  private mutating func warn(_ message: String, _ index: Int) {
    warnings.append(.init(column: index + 1, message: message))
  }
}

extension String {
  /// A word of the grammar as it is usually written.
  fileprivate var usualCase: String {
    if self == "ph" || self == "sh" { return uppercased() }
    return Lexer.months[self] != nil || Lexer.weekdays[self] != nil ? capitalizedFirst : self
  }

  fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }

  fileprivate var trimmed: String {
    var text = self[...]
    while text.first?.isWhitespace ?? false { text.removeFirst() }
    while text.last?.isWhitespace ?? false { text.removeLast() }
    return String(text)
  }
}
