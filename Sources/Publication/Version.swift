// Which version of the program this is.

/// The program's version.
public enum Version {
  /// Semantic version.
  public static let text = "0.1.0"
}
