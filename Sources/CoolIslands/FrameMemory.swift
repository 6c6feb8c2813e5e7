// Radio frames that came before: a network server, its broker and the device itself may each send one twice.

internal import Quantities
internal import SensorProtocol

/// The last frames of a device.
///
/// The counter begins at 0 again after a join, so that only the same counter with the same port and payload is the same
/// frame, and frames of before the join are forgotten.
struct FrameMemory: Hashable, Sendable {
  /// Frames that are remembered.
  static let capacity = 32
  /// The oldest first.
  private var identities: [UInt64] = []
  /// The highest counter since the last join.
  private var counter: Int64 = 0

  /// Takes a frame.
  ///
  /// - Returns: whether it is new.
  mutating func take(_ frame: RadioFrame) -> Bool {
    if frame.counter < counter - Int64(Self.capacity) { forget() }  // its join was not seen
    counter = max(counter, frame.counter)
    return take(frame.identity)
  }

  /// Takes a frame of which only the identity is left.
  ///
  /// - Returns: whether it is new.
  mutating func take(_ identity: UInt64) -> Bool {
    guard !identities.contains(identity) else { return false }
    if identities.count == Self.capacity { identities.removeFirst() }
    identities.append(identity)
    return true
  }

  /// Takes a message: the frame of a device, that it joined, or what admission has left of a frame.
  ///
  /// - Returns: whether it is new.
  mutating func take(_ payload: [UInt8], of sender: Sender) -> Bool {
    guard let message = sender.message else { return SenMLProfile.frame(of: payload).map { take($0) } ?? true }
    if message.kind == .join { forget() }
    return message.frame.map { take($0) } ?? true
  }

  private mutating func forget() { self = FrameMemory() }
}

extension FrameMemory {
  mutating func archive(_ archive: inout Archive) {
    archive.field(&counter)
    archive.list(&identities, blank: 0) { $0.field(&$1) }
  }
}
