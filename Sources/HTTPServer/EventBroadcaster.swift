// Server-sent events for many: one shared log, a cursor for each stream, sent in ticks.

internal import CMicroHTTPD
internal import Synchronization

/// Sends the same events to every open stream.
///
/// The log keeps its newest bytes only. A stream that has fallen behind them is ended: the browser connects again and
/// gets the whole state.
public final class EventBroadcaster: Sendable {
  /// Bytes of the log that are kept for slow streams.
  static let logLimit = 256 * 1024

  private struct State {
    /// Position of the log's first byte since the beginning.
    var base = 0
    var log: [UInt8] = []
    var streams: [ObjectIdentifier: EventStream] = [:]
    var isClosed = false
  }

  private let state = Mutex(State())
  private let limit: Int

  /// A broadcaster for at most `limit` streams.
  public init(limit: Int) { self.limit = limit }

  /// Number of open streams.
  public var count: Int { state.withLock { $0.streams.count } }

  /// Adds an event for everybody; it leaves with the next ``tick()``.
  ///
  /// - Parameters:
  ///   - name: the event's type; nil for a comment.
  ///   - data: one line.
  public func send(event name: String?, data: [UInt8]) {
    let bytes = Self.encode(event: name, data: data)
    state.withLock { state in
      state.log += bytes
      guard state.log.count > Self.logLimit else { return }
      let dropped = state.log.count - Self.logLimit / 2
      state.log.removeFirst(dropped)
      state.base += dropped
    }
  }

  /// The bytes of one event.
  public static func encode(event name: String?, data: [UInt8]) -> [UInt8] {
    guard let name else { return Array(": ".utf8) + data + [0x0A, 0x0A] }
    return Array("event: \(name)\ndata: ".utf8) + data + [0x0A, 0x0A]
  }

  /// Wakes the streams that wait for something new.
  public func tick() {
    state.withLock { state in
      let end = state.base + state.log.count
      for stream in state.streams.values where stream.isSuspended && stream.cursor < end { stream.resume() }
    }
  }

  /// Ends all streams; to be called before the server stops.
  public func close() {
    state.withLock { state in
      state.isClosed = true
      for stream in state.streams.values where stream.isSuspended { stream.resume() }
    }
  }

  func open(_ stream: EventStream) -> Bool {
    state.withLock { state in
      guard !state.isClosed, state.streams.count < limit else { return false }
      stream.cursor = state.base + state.log.count
      state.streams[ObjectIdentifier(stream)] = stream
      return true
    }
  }

  func forget(_ stream: EventStream) {
    state.withLock { state in state.streams[ObjectIdentifier(stream)] = nil }
  }

  /// Copies what a stream has not sent yet; suspends it when there is nothing.
  ///
  /// - Returns: the number of bytes, or nil when the stream has to end.
  func fill(_ stream: EventStream, _ buffer: UnsafeMutableRawBufferPointer) -> Int? {
    state.withLock { state in
      if state.isClosed { return nil }
      if !stream.opening.isEmpty {
        let count = min(buffer.count, stream.opening.count)
        unsafe buffer.copyBytes(from: stream.opening.prefix(count))
        stream.opening.removeFirst(count)
        return count
      }
      guard stream.cursor >= state.base else { return nil }
      let rest = state.log[(stream.cursor - state.base)...]
      if rest.isEmpty {
        stream.suspend()
        return 0
      }
      let count = min(buffer.count, rest.count)
      unsafe buffer.copyBytes(from: rest.prefix(count))
      stream.cursor += count
      return count
    }
  }
}

/// One client's stream.
///
/// `@unchecked Sendable`: its variables are touched under the broadcaster's lock alone.
@safe final class EventStream: @unchecked Sendable {
  let broadcaster: EventBroadcaster
  private let connection: OpaquePointer
  var opening: [UInt8]
  var cursor = 0
  private(set) var isSuspended = false

  init(_ broadcaster: EventBroadcaster, connection: OpaquePointer, opening: [UInt8]) {
    self.broadcaster = broadcaster
    unsafe self.connection = unsafe connection
    self.opening = opening
  }

  func suspend() {
    isSuspended = true
    unsafe MHD_suspend_connection(connection)
  }

  func resume() {
    isSuspended = false
    unsafe MHD_resume_connection(connection)
  }
}
