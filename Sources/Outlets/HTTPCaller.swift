// One way out by HTTP for all outlets: bounded in time and size, no redirection, no cookies, nothing cached.

internal import Dispatch
internal import Foundation
internal import FoundationNetworking
internal import Synchronization

/// What came of a call.
struct HTTPAnswer: Sendable {
  /// The status; nil where none came.
  var status: Int?
  /// The body, as far as it was taken.
  var body: [UInt8] = []
  /// Why it did not end well, whether a status had come or not.
  var error: String?

  /// Whether the other side did what was asked, and all of its answer came.
  var isWhole: Bool { error == nil && status.map { 200..<300 ~= $0 } ?? false }

  /// What went wrong, for people.
  var fault: String { status.map { "the receiver answers \($0)" } ?? error ?? "no answer" }
}

/// Calls an address.
///
/// `@unchecked Sendable`: all that changes is behind a lock; `NSObject`, which a delegate must be, says nothing.
final class HTTPCaller: NSObject, URLSessionDataDelegate, @unchecked Sendable {
  /// A call that is under way.
  private struct Running {
    var take: @Sendable (HTTPAnswer) -> Void
    var answer = HTTPAnswer()
    var mostBytes: Int
  }

  /// Seconds that a call may take.
  private static let timeout = 15.0

  private let token: String?
  private let state = Mutex<(session: URLSession?, running: [Int: Running], isOver: Bool)>((nil, [:], false))

  /// A caller.
  ///
  /// - Parameter token: what `Authorization: Bearer` says, if anything.
  init(token: String?) { self.token = token }

  /// Calls once.
  ///
  /// - Parameters:
  ///   - method: GET or POST.
  ///   - url: the address.
  ///   - headers: headers besides those that every call has.
  ///   - body: what is sent.
  ///   - mostBytes: bytes of an answer that are taken before it is cut off.
  ///   - take: called once, on any thread, within a bounded time.
  func call(
    _ method: String, _ url: URL, headers: [String: String] = [:], body: [UInt8]? = nil, mostBytes: Int = 1 << 16,
    take: @escaping @Sendable (HTTPAnswer) -> Void
  ) {
    var request = URLRequest(url: url, cachePolicy: .reloadIgnoringLocalCacheData, timeoutInterval: Self.timeout)
    request.httpMethod = method
    request.httpBody = body.map { Data($0) }
    for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
    request.setValue("tonnelle", forHTTPHeaderField: "User-Agent")
    // A connection that the other side has closed meanwhile would be found out in the middle of a message.
    request.setValue("close", forHTTPHeaderField: "Connection")
    if let token { request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization") }
    let task = state.withLock { state -> URLSessionDataTask? in
      guard !state.isOver else { return nil }
      let session = state.session ?? makeSession()
      state.session = session
      let task = session.dataTask(with: request)
      state.running[task.taskIdentifier] = Running(take: take, mostBytes: mostBytes)
      return task
    }
    guard let task else { return take(HTTPAnswer(error: "the gateway stops")) }
    task.resume()
    DispatchQueue.global().asyncAfter(deadline: .now() + Self.timeout) { [weak task] in task?.cancel() }
  }

  private func makeSession() -> URLSession {
    let configuration = URLSessionConfiguration.ephemeral
    configuration.httpShouldSetCookies = false
    configuration.urlCache = nil
    return URLSession(configuration: configuration, delegate: self, delegateQueue: nil)
  }

  /// Gives up what is under way; nothing comes after it.
  func cancel() {
    let session = state.withLock { state in
      state.isOver = true
      return state.session.take()
    }
    session?.invalidateAndCancel()
  }

  // MARK: URLSession's delegate

  /// The status has come.
  func urlSession(
    _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
    completionHandler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
  ) {
    let status = (response as? HTTPURLResponse)?.statusCode
    state.withLock { $0.running[dataTask.taskIdentifier]?.answer.status = status }
    completionHandler(.allow)
  }

  /// A part of the answer's body.
  func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
    let isTooLong = state.withLock { state in
      state.running[dataTask.taskIdentifier]?.answer.body += data
      return state.running[dataTask.taskIdentifier].map { $0.answer.body.count > $0.mostBytes } ?? false
    }
    if isTooLong { dataTask.cancel() }
  }

  /// A redirection is not followed: the token is for one address, and what is posted too.
  func urlSession(
    _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
    newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
  ) {
    state.withLock { $0.running[task.taskIdentifier]?.answer.status = response.statusCode }
    completionHandler(nil)
  }

  /// It is over.
  func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
    guard let running = state.withLock({ $0.running.removeValue(forKey: task.taskIdentifier) }) else { return }
    var answer = running.answer
    answer.status = answer.status ?? (task.response as? HTTPURLResponse)?.statusCode
    answer.error = error?.localizedDescription
    running.take(answer)
  }
}
