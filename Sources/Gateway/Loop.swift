// What turns the gateway in production: a serial queue, woken by the socket, by a timer, and by people.

internal import Core
public import Dispatch
internal import MQTTLink

/// Calls `pass` when something may have happened.
///
/// `@unchecked Sendable`: everything but the queue is touched on the queue alone, which `dispatchPrecondition` checks.
public final class Loop: @unchecked Sendable {
  /// The queue that owns the gateway.
  private let queue: DispatchQueue
  private let timebase: Timebase
  private let link: BrokerLink
  private var gateway: Gateway?
  private var timer: (any DispatchSourceTimer)?
  private var reader: (any DispatchSourceRead)?
  private var readerSocket: Int32?
  private var isPaused = false
  private var isScheduled = false

  /// How often the gateway turns when nothing comes.
  private static let interval = DispatchTimeInterval.milliseconds(250)
  /// How long the socket is left alone after a turn: what comes meanwhile shares the next batch's way to the disk, which
  /// costs as much for one message as for forty.
  private static let pause = DispatchTimeInterval.milliseconds(2)

  /// A loop for a link, on the queue that the link calls home.
  public init(timebase: Timebase, link: BrokerLink, queue: DispatchQueue) {
    self.timebase = timebase
    self.link = link
    self.queue = queue
  }

  /// Begins to turn.
  public func start(_ gateway: sending Gateway) {
    let handed = Handed(gateway)
    queue.async { [self] in
      self.gateway = handed.gateway
      link.onChange = { [weak self] in self?.turn() }
      let timer = DispatchSource.makeTimerSource(queue: queue)
      timer.schedule(deadline: .now(), repeating: Self.interval, leeway: .milliseconds(20))
      timer.setEventHandler { [weak self] in self?.turn() }
      timer.resume()
      self.timer = timer
    }
  }

  /// Carries the gateway over to the queue that owns it from then on.
  private final class Handed: @unchecked Sendable {
    let gateway: Gateway
    init(_ gateway: Gateway) { self.gateway = gateway }
  }

  private func turn() {
    dispatchPrecondition(condition: .onQueue(queue))
    guard let gateway else { return }
    let isMoreWaiting = gateway.pass(now: timebase.moment())
    watchSocket()
    pauseReader()
    guard isMoreWaiting || link.wantsWrite, !isScheduled else { return }
    isScheduled = true
    let delay = isMoreWaiting ? DispatchTimeInterval.microseconds(0) : .milliseconds(5)
    queue.asyncAfter(deadline: .now() + delay) { [weak self] in
      self?.isScheduled = false
      self?.turn()
    }
  }

  /// Follows the link's socket from connection to connection.
  private func watchSocket() {
    let socket = link.socket
    guard socket != readerSocket else { return }
    dropReader()
    readerSocket = socket
    guard let socket else { return }
    let source = DispatchSource.makeReadSource(fileDescriptor: socket, queue: queue)
    source.setEventHandler { [weak self] in self?.turn() }
    source.resume()
    reader = source
  }

  private func pauseReader() {
    guard let reader, !isPaused else { return }
    isPaused = true
    reader.suspend()
    queue.asyncAfter(deadline: .now() + Self.pause) { [weak self] in self?.resumeReader() }
  }

  private func resumeReader() {
    guard isPaused else { return }
    isPaused = false
    reader?.resume()
  }

  private func dropReader() {
    reader?.cancel()
    resumeReader()  // a source must not be let go while it is suspended
    reader = nil
  }

  /// Lets the gateway do something between two passes.
  public func perform(_ work: @escaping @Sendable (Gateway) -> Void) {
    queue.async { [self] in
      guard let gateway else { return }
      work(gateway)
      turn()
    }
  }

  /// Stops turning; the gateway says goodbye to the broker.
  ///
  /// Returns when it has.
  public func stop() {
    queue.sync {
      timer?.cancel()
      timer = nil
      gateway?.stop()
      dropReader()
      gateway = nil
    }
  }
}
