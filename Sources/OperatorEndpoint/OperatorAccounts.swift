// Who may see and who may act: a file of names, roles and hashed tokens, as crypt(3) makes them.
//
//   # name:role:hash
//   duty:act:$y$j9T$…
//   grafana:read:$y$j9T$…

internal import CCrypt

/// What an account may do.
public enum Role: String, CaseIterable, Hashable, Sendable, Comparable {
  /// Sees everything of the operators' port.
  case read
  /// Acts as well: opens and closes places, says the heat level, takes sensors into maintenance.
  case act

  /// Whether `a` may do less.
  public static func < (a: Role, b: Role) -> Bool { a == .read && b == .act }
}

/// One account.
public struct OperatorAccount: Hashable, Sendable {
  /// Who it is, as the audit log names them.
  public var name: String
  /// What they may do.
  public var role: Role
  /// The token's hash.
  public var hash: String

  /// Whether a token is this account's; takes some milliseconds, on purpose.
  func isToken(_ token: String) -> Bool {
    guard let found = TokenHash.of(token, setting: hash) else { return false }
    return areEqual(found, hash)
  }
}

/// Why a file of accounts is not used.
public struct AccountError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The sentence.
  public let description: String
}

/// The accounts of a file.
public struct OperatorAccounts: Sendable {
  /// In the order of the file.
  public private(set) var list: [OperatorAccount] = []

  /// Who holds the machine's own key; no account is called so.
  static let machine = "local"

  /// Nobody.
  public init() {}

  /// Reads a file's text.
  ///
  /// - Parameters:
  ///   - text: lines of `name:role:hash`; `#` begins a comment.
  ///   - name: the file's name, for errors.
  /// - Throws: ``AccountError`` that names the line.
  public init(_ text: [UInt8], name: String) throws(AccountError) {
    let lines = String(decoding: text, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    for (number, line) in lines.enumerated() where !line.isEmpty && !line.hasPrefix("#") {
      func fault(_ reason: String) -> AccountError {
        AccountError(description: "\(name), line \(number + 1): \(reason)")
      }
      let parts = line.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 3, Self.isName(parts[0]) else { throw fault("name:role:hash was expected") }
      guard let role = Role(rawValue: parts[1]) else { throw fault("a role is read or act, not \"\(parts[1])\"") }
      guard parts[2].hasPrefix("$"), parts[2].utf8.count < 384 else {
        throw fault("a hash of crypt(3) was expected; `tonnelle account` makes one")
      }
      guard !list.contains(where: { $0.name == parts[0] }) else { throw fault("\(parts[0]) is there twice") }
      list.append(OperatorAccount(name: parts[0], role: role, hash: parts[2]))
    }
  }

  /// Adds an account.
  ///
  /// - Throws: ``AccountError`` when the name is taken or not a name, or the machine cannot hash.
  public mutating func add(_ name: String, _ role: Role, token: String) throws(AccountError) {
    guard Self.isName(name) else {
      throw AccountError(description: "a name has 1 to 40 of a-z, A-Z, 0-9, \".\", \"-\" and \"_\", and is not local")
    }
    guard !list.contains(where: { $0.name == name }) else {
      throw AccountError(description: "there is an account \(name)")
    }
    guard let hash = TokenHash.of(token) else { throw AccountError(description: "crypt(3) makes no hash here") }
    list.append(OperatorAccount(name: name, role: role, hash: hash))
  }

  /// Removes an account.
  ///
  /// - Returns: whether there was one.
  public mutating func remove(_ name: String) -> Bool {
    let before = list.count
    list.removeAll { $0.name == name }
    return list.count < before
  }

  /// The file's text.
  public var text: String {
    "# name:role:hash, made by `tonnelle account`\n"
      + list.map { "\($0.name):\($0.role.rawValue):\($0.hash)\n" }.joined()
  }

  private static func isName(_ text: String) -> Bool {
    (1...40).contains(text.utf8.count) && text != machine
      && text.utf8.allSatisfy { byte in
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
          || ".-_".utf8.contains(byte)
      }
  }
}

/// Hashes of tokens, by libcrypt.
enum TokenHash {
  /// The hash of a token under a setting, or under a fresh one.
  static func of(_ token: String, setting: String? = nil) -> String? {
    guard let setting = setting ?? fresh() else { return nil }
    var output = [CChar](repeating: 0, count: 384)
    guard unsafe ccrypt_hash(token, setting, &output, output.count) == 0 else { return nil }
    return String(decoding: output.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private static func fresh() -> String? {
    var output = [CChar](repeating: 0, count: 192)
    guard unsafe ccrypt_setting(&output, Int32(output.count)) == 0 else { return nil }
    return String(decoding: output.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

/// Compares in a time that does not depend on where the difference is.
func areEqual(_ offered: String, _ expected: String) -> Bool {
  let (offered, expected) = (Array(offered.utf8), Array(expected.utf8))
  var difference = UInt8(offered.count == expected.count ? 0 : 1)
  for (index, byte) in expected.enumerated() { difference |= byte ^ (index < offered.count ? offered[index] : 0) }
  return difference == 0 && !expected.isEmpty
}
