// The topics of Tonnelle's own namespace. Public names: they change only with a migration.

/// Names of topics.
public enum Topics {
  /// What all begin with.
  public static let root = "tonnelle/v1"
  /// All commands.
  public static let commandFilter = "tonnelle/v1/command/#"

  /// The public indicators of a place, retained.
  public static func place(_ id: String) -> String { "\(root)/places/\(id)" }
  /// The description of a place, retained.
  public static func about(_ id: String) -> String { "\(root)/places/\(id)/about" }
  /// The counts and heat of a city, retained.
  public static func city(_ id: String) -> String { "\(root)/city/\(id)" }
  /// Whether a gateway is there, retained, last will.
  public static func status(_ gateway: String) -> String { "\(root)/gateway/\(gateway)/status" }
  /// What a gateway is, retained.
  public static func gatewayAbout(_ gateway: String) -> String { "\(root)/gateway/\(gateway)/about" }
  /// What became of commands.
  public static func commandResult(_ gateway: String) -> String { "\(root)/gateway/\(gateway)/command/result" }
  /// What people on duty should know.
  public static func alerts(_ gateway: String) -> String { "\(root)/gateway/\(gateway)/alerts" }

  /// Whether a topic is a command's.
  public static func isCommand(_ topic: String) -> Bool { topic.hasPrefix("tonnelle/v1/command/") }

  /// Place and sensor of a topic `tonnelle/v1/up/<place>/<sensor>`.
  public static func upSegments(_ topic: String) -> (place: Substring, sensor: Substring)? {
    let parts = topic.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 5, parts[0] == "tonnelle", parts[1] == "v1", parts[2] == "up" else { return nil }
    return (parts[3], parts[4])
  }

  /// Whether a publisher could have meant this topic: no wildcard, no NUL, no empty level, no `..`.
  static func isWellFormed(_ topic: String) -> Bool {
    topic.utf8.allSatisfy { $0 != 0x2B && $0 != 0x23 && $0 != 0 }
      && topic.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { !$0.isEmpty && $0 != ".." }
  }
}
