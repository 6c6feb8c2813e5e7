// The two languages of the pages, and how each writes times and numbers.

public import Quantities

/// A language of the pages.
public enum Language: String, CaseIterable, Hashable, Sendable {
  /// French, the first choice.
  case fr
  /// English.
  case en

  /// The language that an `Accept-Language` header prefers among ours; French when it names neither.
  public init(accepting header: String?) {
    var best: (quality: Double, language: Language)?
    for part in (header ?? "").split(separator: ",") {
      let pieces = part.split(separator: ";")
      let tag = (pieces.first ?? "").drop { $0 == " " }.prefix { $0 != "-" && $0 != " " }.lowercased()
      var quality = 1.0
      for piece in pieces.dropFirst() {
        let text = piece.filter { $0 != " " }
        if text.hasPrefix("q=") { quality = Double(text.dropFirst(2)) ?? 0 }
      }
      guard let language = Language(rawValue: tag), quality > best?.quality ?? 0 else { continue }
      best = (quality, language)
    }
    self = best?.language ?? .fr
  }

  /// One of two texts.
  public func callAsFunction(_ french: String, _ english: String) -> String { self == .fr ? french : english }

  /// A decimal number with the language's sign and a narrow no-break space before its unit.
  public func number<Unit>(_ value: Milli<Unit>, places: Int, unit: String) -> String {
    let text = value.text(places: places, separator: self == .fr ? "," : ".")
    return text.replacingMinus() + "\u{202F}" + unit
  }

  /// A time of day: `20 h 30`, `8:30 pm`.
  public func time(_ instant: Instant, _ zone: CivilZone) -> String {
    let minutes = zone.civil(instant).minuteOfDay
    let (hour, minute) = (minutes / 60, minutes % 60)
    let padded = minute < 10 ? "0\(minute)" : "\(minute)"
    if self == .fr { return "\(hour)\u{00A0}h" + (minute == 0 ? "" : "\u{00A0}\(padded)") }
    let twelve = hour % 12 == 0 ? 12 : hour % 12
    return "\(twelve)\(minute == 0 ? "" : ":\(padded)")\u{00A0}\(hour < 12 ? "am" : "pm")"
  }

  /// A moment as people say it: the time today, `demain à 8 h`, a weekday within a week, otherwise the date.
  public func moment(_ instant: Instant, from now: Instant, _ zone: CivilZone) -> String {
    let day = zone.civil(instant).day
    let days = day.daysSinceEpoch - zone.civil(now).day.daysSinceEpoch
    let time = time(instant, zone)
    switch days {
    case 0: return self == .fr ? "à \(time)" : "at \(time)"
    case 1: return self == .fr ? "demain à \(time)" : "tomorrow at \(time)"
    case -1: return self == .fr ? "hier à \(time)" : "yesterday at \(time)"
    case 2...6: return self == .fr ? "\(weekday(day)) à \(time)" : "on \(weekday(day)) at \(time)"
    default: return self == .fr ? "le \(date(day)) à \(time)" : "on \(date(day)) at \(time)"
    }
  }

  /// An end: `jusqu'à 20 h 30`, `until 8:30 pm`.
  public func until(_ instant: Instant, from now: Instant, _ zone: CivilZone) -> String {
    let days = zone.civil(instant).day.daysSinceEpoch - zone.civil(now).day.daysSinceEpoch
    let midnight = zone.civil(instant).minuteOfDay == 0 && days == 1
    if midnight { return self == .fr ? "jusqu'à minuit" : "until midnight" }
    let time = time(instant, zone)
    switch days {
    case 0: return self == .fr ? "jusqu'à \(time)" : "until \(time)"
    case 1: return self == .fr ? "jusqu'à demain \(time)" : "until tomorrow \(time)"
    default:
      let day = zone.civil(instant).day
      return self == .fr ? "jusqu'au \(date(day)) à \(time)" : "until \(date(day)) at \(time)"
    }
  }

  /// The name of a weekday.
  public func weekday(_ day: CivilDay) -> String {
    let french = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"]
    let english = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    return (self == .fr ? french : english)[day.weekday]
  }

  /// Day and month.
  public func date(_ day: CivilDay) -> String {
    let french = [
      "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
      "décembre",
    ]
    let english = [
      "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
      "December",
    ]
    let (_, month, number) = day.components
    if self == .fr { return "\(number == 1 ? "1er" : "\(number)") \(french[month - 1])" }
    return "\(number) \(english[month - 1])"
  }
}

extension String {
  fileprivate func replacingMinus() -> String { hasPrefix("-") ? "\u{2212}" + dropFirst() : self }
}
