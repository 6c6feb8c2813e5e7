// Server-sent events for many: one shared log, a cursor for each stream, sent in ticks.

internal import CMicroHTTPD
internal import Synchronization

/// Sends events to every open stream, or to those that asked for their subject.
///
/// The log keeps its newest bytes only. A stream that has fallen behind them is ended: the browser connects again and
/// says what it had last, or gets the whole state.
public final class EventBroadcaster: Sendable {
  /// An event in the log.
  private struct Entry {
    /// Position of its first byte since the beginning.
    var start: Int
    /// Whom it is about; nil for everybody.
    var subject: String?
  }

  private struct State {
    /// Position of the log's first byte since the beginning.
    var base = 0
    var log: [UInt8] = []
    /// Events in the log, oldest first, and the number of the first one.
    var entries: [Entry] = []
    var firstNumber = 0
    var streams: [ObjectIdentifier: EventStream] = [:]
    var isClosed = false
    var refused = 0
    var dropped = 0

    var end: Int { base + log.count }

    /// The last event that begins at or before a position.
    func entry(at position: Int) -> Int {
      var (low, high) = (0, entries.count)
      while low < high {
        let middle = (low + high) / 2
        if entries[middle].start <= position { low = middle + 1 } else { high = middle }
      }
      return low - 1
    }
  }

  private let state = Mutex(State())
  private let limit: Int
  private let keeping: Int
  /// Tells the events of this run of the program from those of another.
  private let run: String

  /// A broadcaster.
  ///
  /// - Parameters:
  ///   - limit: streams at once.
  ///   - keeping: bytes of the log that are kept for slow streams, and for those that come back; every place of a city of
  ///     ten thousand may change at one moment, as at midnight.
  ///   - run: letters and digits that no other run of the program uses.
  public init(limit: Int, keeping: Int = 16 << 20, run: String) {
    self.limit = limit
    self.keeping = keeping
    self.run = run
  }

  /// Streams that are open, that were refused since there were too many, and that were ended since they fell behind.
  public var counts: (open: Int, refused: Int, dropped: Int) {
    state.withLock { ($0.streams.count, $0.refused, $0.dropped) }
  }

  /// Adds an event; it leaves with the next ``tick()``.
  ///
  /// - Parameters:
  ///   - name: the event's type.
  ///   - subject: whom it is about; nil sends it to everybody.
  ///   - data: one line.
  public func send(event name: String, about subject: String?, data: [UInt8]) {
    state.withLock { state in
      let number = state.firstNumber + state.entries.count
      state.entries.append(Entry(start: state.end, subject: subject))
      state.log += Array("id: \(run)-\(number)\n".utf8) + Self.encode(event: name, data: data)
      guard state.log.count > keeping else { return }
      // Half is let go at once, at the border of an event.
      let first = state.entry(at: state.end - keeping / 2)
      let dropped = state.entries[first].start - state.base
      state.log.removeFirst(dropped)
      state.entries.removeFirst(first)
      state.base += dropped
      state.firstNumber += first
    }
  }

  /// The bytes of one event without an identifier.
  public static func encode(event name: String, data: [UInt8]) -> [UInt8] {
    Array("event: \(name)\ndata: ".utf8) + data + [0x0A, 0x0A]
  }

  /// Wakes the streams that wait for something new.
  public func tick() {
    state.withLock { state in
      for stream in state.streams.values where stream.isSuspended && stream.cursor < state.end { stream.resume() }
    }
  }

  /// Ends all streams; to be called before the server stops.
  public func close() {
    state.withLock { state in
      state.isClosed = true
      for stream in state.streams.values where stream.isSuspended { stream.resume() }
    }
  }

  /// A place in the log from which a client goes on.
  public struct Place: Sendable {
    fileprivate var position: Int
    /// Whether it is where the client left off: nothing is missing before it.
    public var isContinued: Bool
  }

  /// Where a client goes on: behind the event that it had last, as long as what followed is there, or at the end.
  ///
  /// To be asked for before the state is looked at that the client is told first: what changes meanwhile is told twice
  /// rather than never.
  public func place(after lastEvent: String?) -> Place {
    let parts = (lastEvent ?? "").split(separator: "-", maxSplits: 1)
    let digits = parts.count == 2 && parts[0] == run ? parts[1] : ""
    let isNumber = !digits.isEmpty && digits.utf8.count < 18 && digits.utf8.allSatisfy { (0x30...0x39).contains($0) }
    return state.withLock { state in
      guard isNumber, let number = Int(digits) else { return Place(position: state.end, isContinued: false) }
      let next = number - state.firstNumber + 1
      guard next >= 0, next <= state.entries.count else { return Place(position: state.end, isContinued: false) }
      return Place(position: next < state.entries.count ? state.entries[next].start : state.end, isContinued: true)
    }
  }

  func open(_ stream: EventStream, at place: Place) -> Bool {
    state.withLock { state in
      guard !state.isClosed, state.streams.count < limit else {
        state.refused += 1
        return false
      }
      stream.cursor = place.position
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
      if stream.openingSent < stream.opening.count {
        let rest = stream.opening[stream.openingSent...].prefix(buffer.count)
        unsafe buffer.copyBytes(from: rest)
        stream.openingSent += rest.count
        if stream.openingSent == stream.opening.count { stream.letGoOfOpening() }
        return rest.count
      }
      guard stream.cursor >= state.base else {
        state.dropped += 1
        return nil
      }
      guard let range = Self.next(stream, state) else {
        stream.cursor = state.end
        stream.suspend()
        return 0
      }
      let bytes = state.log[(range.lowerBound - state.base)..<(range.upperBound - state.base)].prefix(buffer.count)
      unsafe buffer.copyBytes(from: bytes)
      stream.cursor = range.lowerBound + bytes.count
      return bytes.count
    }
  }

  /// The next bytes that a stream should see; nil if there are none.
  private static func next(_ stream: EventStream, _ state: borrowing State) -> Range<Int>? {
    guard stream.cursor < state.end else { return nil }
    guard let subjects = stream.subjects else { return stream.cursor..<state.end }
    var index = state.entry(at: stream.cursor)
    while index < state.entries.count {
      let end = index + 1 < state.entries.count ? state.entries[index + 1].start : state.end
      if state.entries[index].subject.map(subjects.contains) ?? true {
        return max(stream.cursor, state.entries[index].start)..<end
      }
      index += 1
    }
    return nil
  }
}

/// One client's stream.
///
/// `@unchecked Sendable`: its variables are touched under the broadcaster's lock alone.
@safe final class EventStream: @unchecked Sendable {
  let broadcaster: EventBroadcaster
  private let connection: OpaquePointer
  /// Whom it asks for; nil for everybody.
  let subjects: Set<String>?
  /// What comes before events, shared with other streams, and how much of it is sent.
  private(set) var opening: [UInt8]
  var openingSent = 0
  var cursor = 0
  private(set) var isSuspended = false

  init(_ broadcaster: EventBroadcaster, connection: OpaquePointer, subjects: Set<String>?, opening: [UInt8]) {
    self.broadcaster = broadcaster
    self.subjects = subjects
    unsafe self.connection = unsafe connection
    self.opening = opening
  }

  func letGoOfOpening() {
    opening = []
    openingSent = 0
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
