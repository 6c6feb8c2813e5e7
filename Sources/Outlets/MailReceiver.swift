// Alerts by mail: a local program takes the text on its standard input, and its exit status is the answer.

internal import CLibc
internal import Dispatch
internal import Glibc
public import Store
internal import Synchronization

/// Hands alerts to a program such as `sendmail -t`.
public final class MailReceiver: AlertReceiver {
  /// Seconds that the program may take.
  private static let timeout = 30

  /// The identifier of the settings.
  public let id: String
  private let address: String
  private let command: [String]
  private let language: String
  private let queue: DispatchQueue
  private let isOver = Atomic<Bool>(false)

  /// A receiver of mail.
  ///
  /// - Parameters:
  ///   - id: the identifier of the settings.
  ///   - address: whom it is for.
  ///   - command: the program, looked for on the path, and its arguments; no shell reads them.
  ///   - language: `fr` or `en`.
  public init(id: String, address: String, command: [String], language: String) {
    self.id = id
    self.address = address
    self.command = command
    self.language = language
    queue = DispatchQueue(label: "tonnelle.mail.\(id)")
  }

  /// Sends one message.
  public func deliver(_ event: OutboxEvent, answer: @escaping @Sendable (Delivery) -> Void) {
    guard let mail = AlertMail.text(event.body, to: address, language: language) else {
      return answer(.refused("the message cannot be written as a mail"))
    }
    queue.async { [self] in answer(run(mail)) }
  }

  /// Ends the program if it runs.
  public func cancel() { isOver.store(true, ordering: .relaxed) }

  private func run(_ mail: [UInt8]) -> Delivery {
    func reason(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }
    // A file in memory and not a pipe: it takes any text at once, whether the program reads it or not.
    let file = unsafe clibc_memory_file("mail")
    guard file >= 0 else { return .failed(reason(errno)) }
    defer { close(file) }
    let written = unsafe mail.withUnsafeBytes { unsafe pwrite(file, $0.baseAddress, $0.count, 0) }
    guard written == mail.count else { return .failed("the text cannot be held: \(reason(errno))") }
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_adddup2(&actions, file, 0)
    unsafe posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    unsafe posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    // A group of its own, so that what it starts ends with it.
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF))
    var ignored = sigset_t()
    unsafe sigemptyset(&ignored)
    for number in [SIGPIPE, SIGHUP, SIGTERM, SIGINT] { unsafe sigaddset(&ignored, number) }
    unsafe posix_spawnattr_setsigdefault(&attributes, &ignored)
    let vector = unsafe command.map { unsafe strdup($0) } + [nil]
    defer { unsafe vector.forEach { unsafe free($0) } }
    var process: pid_t = 0
    let code = unsafe posix_spawnp(&process, command[0], &actions, &attributes, vector, environ)
    guard code == 0 else { return .failed("\(command[0]): \(reason(code))") }
    return end(of: process)
  }

  /// Waits for the program, not longer than it may take.
  private func end(of process: pid_t) -> Delivery {
    var status: Int32 = 0
    for _ in 0..<Self.timeout * 50 where !isOver.load(ordering: .relaxed) {
      let ended = unsafe waitpid(process, &status, WNOHANG)
      if ended == process {
        if status == 0 { return .delivered }
        let isKilled = status & 0x7F != 0
        return .failed(
          "\(command[0]) "
            + (isKilled ? "was ended by signal \(status & 0x7F)" : "ended with status \(status >> 8 & 0xFF)"))
      }
      if ended < 0, errno != EINTR { return .failed("\(command[0]) is gone") }
      usleep(20_000)
    }
    kill(-process, SIGKILL)
    while unsafe waitpid(process, &status, 0) < 0, errno == EINTR {}
    return .failed(
      isOver.load(ordering: .relaxed)
        ? "the gateway stops" : "\(command[0]) did not end within \(Self.timeout) s")
  }
}
