// What turns the services that send something: a timer on the queue that owns each.

internal import Dispatch

extension DispatchQueue {
  /// Calls something on this queue at once and again and again, until the timer is cancelled.
  func ticking(
    every interval: DispatchTimeInterval, _ turn: @escaping @Sendable () -> Void
  ) -> any DispatchSourceTimer {
    let timer = DispatchSource.makeTimerSource(queue: self)
    timer.schedule(deadline: .now(), repeating: interval, leeway: .milliseconds(50))
    timer.setEventHandler(handler: turn)
    timer.resume()
    return timer
  }
}
