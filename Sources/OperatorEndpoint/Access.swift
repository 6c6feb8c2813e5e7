// Who is asking: bearer tokens for machines, sessions with a cookie for browsers, and few tries for strangers.

internal import HTTPServer
internal import Synchronization

/// Whoever asks, once known.
struct Caller: Sendable {
  var name: String
  var role: Role
  /// The account's hash; empty for the machine's own key.
  var hash = ""
  /// What a form must send back; nil for a bearer, whose requests no other site can make.
  var formToken: String?
}

/// Decides who is asking.
final class Access: Sendable {
  /// What a request shows.
  enum Verdict {
    case known(Caller)
    case unknown
    /// Too many wrong tokens came from this address lately.
    case barred
  }

  private struct Session {
    var caller: Caller
    /// The account's hash when it began: another token ends it.
    var hash: String
    var ends: ContinuousClock.Instant
  }

  private struct State {
    var accounts: OperatorAccounts
    /// Tokens that were right before, by the account's hash: hashing each time would cost more than the answer.
    var proven: [String: String] = [:]
    var sessions: [String: Session] = [:]
    /// When which wrong tokens came, by address; one that comes again and again counts once.
    var failures: [String: [Int: ContinuousClock.Instant]] = [:]
  }

  private static let cookie = "tonnelle_session"
  /// How long a session lasts: a shift.
  private static let shift = Duration.seconds(12 * 3600)
  /// Wrong tokens of one address within the time, and sessions at once.
  private static let (tries, within, mostSessions) = (10, Duration.seconds(60), 1000)

  /// The machine's own key, in a file that only the program's user can read: for the command line.
  private let key: String
  private let keyRole: Role
  private let trustedProxies: [String]
  private let state: Mutex<State>
  private let random: @Sendable () -> String
  private let log: @Sendable (String) -> Void

  init(
    key: String, accounts: OperatorAccounts?, trustedProxies: [String], random: @escaping @Sendable () -> String,
    log: @escaping @Sendable (String) -> Void
  ) {
    self.key = key
    self.trustedProxies = trustedProxies
    // Where people have accounts of their own, nobody acts without a name.
    keyRole = accounts == nil ? .act : .read
    state = Mutex(State(accounts: accounts ?? OperatorAccounts()))
    self.random = random
    self.log = log
  }

  /// Other accounts from here on; sessions of those that are gone end.
  func replace(_ accounts: OperatorAccounts) {
    state.withLock { state in
      state.accounts = accounts
      // Of those that stayed what was proven stays proven; a wrong token may be a right one now.
      let hashes = Set(accounts.list.map(\.hash))
      let roles = Dictionary(accounts.list.map { ($0.hash, $0.role) }, uniquingKeysWith: { first, _ in first })
      state.proven = state.proven.filter { hashes.contains($0.key) }
      state.failures = [:]
      state.sessions = state.sessions.filter { _, session in
        session.hash.isEmpty || roles[session.hash] == session.caller.role
      }
    }
  }

  /// Who asks.
  func verdict(_ request: Request) -> Verdict {
    if let header = request.header("Authorization"), header.lowercased().hasPrefix("bearer ") {
      return verdict(token: String(header.dropFirst("bearer ".count)), request)
    }
    guard let cookie = request.cookie(Self.cookie) else { return .unknown }
    let now = ContinuousClock.now
    let caller = state.withLock { state in
      state.sessions[cookie].flatMap { now < $0.ends ? $0.caller : nil }
    }
    return caller.map { .known($0) } ?? .unknown
  }

  /// Whose a token is; wrong ones are counted.
  func verdict(token: String, _ request: Request) -> Verdict {
    guard !token.isEmpty else { return .unknown }
    let now = ContinuousClock.now
    let address = address(request)
    let fingerprint = token.hashValue  // of this process alone
    let (accounts, proven, recent) = state.withLock { state in
      (state.accounts, state.proven, (state.failures[address] ?? [:]).filter { now - $0.value < Self.within })
    }
    for account in accounts.list {
      if let known = proven[account.hash], areEqual(token, known) {
        return .known(Caller(name: account.name, role: account.role, hash: account.hash))
      }
    }
    if areEqual(token, key) { return .known(Caller(name: OperatorAccounts.machine, role: keyRole)) }
    if recent[fingerprint] != nil { return .unknown }
    guard recent.count < Self.tries else { return .barred }
    for account in accounts.list where account.isToken(token) {
      state.withLock { state in
        if state.accounts.list.contains(account) { state.proven[account.hash] = token }
      }
      return .known(Caller(name: account.name, role: account.role, hash: account.hash))
    }
    state.withLock { state in
      // A bound: whoever has so many addresses is not stopped here.
      if state.failures.count > 10_000 { state.failures = [:] }
      state.failures[address] = recent.merging([fingerprint: now]) { _, new in new }
    }
    let isLast = recent.count + 1 == Self.tries
    log("a wrong token came from \(address)\(isLast ? "; no other is tried from there for now" : "")")
    return .unknown
  }

  /// Who asks, in the words of a proxy that is trusted.
  private func address(_ request: Request) -> String {
    let peer = request.peer
    guard trustedProxies.contains(peer), let forwarded = request.header("X-Forwarded-For") else { return peer }
    return forwarded.split(separator: ",").last.map { String($0.filter { $0 != " " }.prefix(64)) } ?? peer
  }

  /// Begins a session; the header that tells the browser.
  func begin(_ caller: Caller, isSecure: Bool) -> (String, String) {
    let identifier = random() + random()
    var caller = caller
    caller.formToken = random()
    let session = Session(caller: caller, hash: caller.hash, ends: .now + Self.shift)
    state.withLock { state in
      state.sessions = state.sessions.filter { ContinuousClock.now < $0.value.ends }
      if state.sessions.count >= Self.mostSessions,
        let oldest = state.sessions.min(by: { $0.value.ends < $1.value.ends })?.key
      {
        state.sessions[oldest] = nil
      }
      state.sessions[identifier] = session
    }
    return (
      "Set-Cookie",
      "\(Self.cookie)=\(identifier); HttpOnly; SameSite=Lax; Path=/; Max-Age=43200\(isSecure ? "; Secure" : "")"
    )
  }

  /// Ends the session of a request.
  func end(_ request: Request) -> (String, String) {
    if let cookie = request.cookie(Self.cookie) { state.withLock { $0.sessions[cookie] = nil } }
    return ("Set-Cookie", "\(Self.cookie)=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0")
  }
}
