// Where the links of a page lead: to a running gateway, or to files beside it that any web server can serve.

public import Quantities

/// Addresses of pages and files.
public enum Links: Hashable, Sendable {
  /// A running gateway: live, with filters.
  case gateway
  /// Files in one folder, true for a while: nothing live, nothing to choose.
  case files(validUntil: Instant)

  /// Whether somebody answers.
  var isLive: Bool { self == .gateway }

  /// The list.
  func list(_ language: Language) -> String {
    isLive ? "/?lang=\(language.rawValue)" : language == .fr ? "index.html" : "index.en.html"
  }

  /// A place's page.
  func place(_ id: String, _ language: Language) -> String {
    isLive ? "/places/\(id)?lang=\(language.rawValue)" : Self.file(ofPlace: id, language)
  }

  /// The file of a place's page.
  public static func file(ofPlace id: String, _ language: Language) -> String {
    "place-\(id)\(language == .fr ? "" : ".en").html"
  }

  /// A file that all pages share.
  func asset(_ name: String) -> String { isLive ? "/" + name : name }
}
