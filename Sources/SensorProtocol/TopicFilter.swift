// Which topics an MQTT filter means.

/// MQTT filters.
public enum TopicFilter {
  /// Whether a text is a filter: `+` and `#` as whole levels, `#` the last one, at most 256 bytes.
  public static func isValid(_ filter: String) -> Bool {
    let levels = filter.split(separator: "/", omittingEmptySubsequences: false)
    guard !filter.isEmpty, filter.utf8.count <= 256, !filter.utf8.contains(0) else { return false }
    for (index, level) in levels.enumerated() {
      if level.contains("#") && (level != "#" || index != levels.count - 1) { return false }
      if level.contains("+") && level != "+" { return false }
    }
    return true
  }

  /// Whether a topic can match both.
  public static func overlap(_ a: String, _ b: String) -> Bool {
    let a = a.split(separator: "/", omittingEmptySubsequences: false)
    let b = b.split(separator: "/", omittingEmptySubsequences: false)
    for index in 0..<min(a.count, b.count) {
      if a[index] == "#" || b[index] == "#" { return true }
      if a[index] != "+" && b[index] != "+" && a[index] != b[index] { return false }
    }
    if a.count == b.count { return true }
    let longer = a.count > b.count ? a : b
    return longer[min(a.count, b.count)] == "#" && longer.count == min(a.count, b.count) + 1
  }

  /// Whether a topic matches a filter.
  public static func matches(_ filter: String, _ topic: String) -> Bool { overlap(filter, topic) }
}
