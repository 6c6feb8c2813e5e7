// Signals of the system, as calls.

internal import Dispatch
internal import Glibc

/// Signals as calls on a queue.
final class Signals {
  private var sources: [any DispatchSourceSignal] = []
  private let queue = DispatchQueue(label: "tonnelle.signals")

  /// Keeps a signal from ending the program.
  static func ignore(_ number: Int32) { _ = signal(number, SIG_IGN) }

  func on(_ number: Int32, _ work: @escaping @Sendable () -> Void) {
    Self.ignore(number)
    let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
    source.setEventHandler(handler: work)
    source.resume()
    sources.append(source)
  }
}
