// The address of somebody to whom the gateway sends: what leaves with a token leaves encrypted.

internal import JSONText

extension ObjectReader {
  /// An address that is encrypted, on this machine, or allowed to be neither.
  func outgoingAddress(_ key: String, required isRequired: Bool = false) -> String? {
    let allowsPlain = bool("allow_http") ?? false
    let text = string(key)  // as it stands: a slash at its end may matter
    guard text != nil || isRequired, let url = url(key, required: isRequired), let value = value[key] else {
      return nil
    }
    let host = url.drop { $0 != ":" }.dropFirst(3).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    guard !host.isEmpty, !host.contains("@") else {
      error(at: value, key, "an address with a host and without a password was expected")
      return nil
    }
    let name = host.hasPrefix("[") ? host.prefix { $0 != "]" } + "]" : host.prefix { $0 != ":" }
    let isLoopback = name == "localhost" || name == "[::1]" || Self.isLoopback(name)
    if url.hasPrefix("http://"), !isLoopback, !allowsPlain {
      error(
        at: value, key,
        "an address that begins with https:// was expected; \"allow_http\": true sends over the network unencrypted")
    }
    return text
  }

  /// The address of a server, to which paths are added.
  func serverAddress(_ key: String) -> String? {
    guard var text = outgoingAddress(key, required: true), let value = value[key] else { return nil }
    while text.hasSuffix("/") { text.removeLast() }
    if text.contains("?") || text.contains("#") {
      error(at: value, key, "the address of the server itself was expected, without a question or a fragment")
    }
    return text
  }

  /// Whether it is an address 127.0.0.0/8, and not merely a name that begins so.
  private static func isLoopback(_ name: Substring) -> Bool {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }
}
