// VictoriaMetrics as the keeper of the long history: lines in, lines out.

internal import Foundation
internal import Quantities

/// A VictoriaMetrics at an address.
///
/// Its 204 promises little: a line that it cannot read is skipped, and what it took stays in memory alone for some seconds,
/// even after `/internal/force_flush`, which only makes it visible. So what was imported is read back later.
final class VictoriaMetrics: Sendable {
  /// Bytes of an export that are taken: a quarter of an hour of a large city.
  private static let mostBytes = 64 << 20

  private let base: URLComponents
  private let caller: HTTPCaller

  /// A server; nil for an address that cannot be used.
  init?(url: String, token: String?) {
    guard let base = URLComponents(string: url), base.url != nil else { return nil }
    self.base = base
    caller = HTTPCaller(token: token)
  }

  /// Gives it values to keep.
  ///
  /// - Parameters:
  ///   - lines: the values' lines.
  ///   - answer: called once, on any thread, with why it did not take them; nil where it did.
  func put(_ lines: [UInt8], answer: @escaping @Sendable (_ fault: String?) -> Void) {
    guard let url = url("/api/v1/import", []) else { return answer("no address") }
    caller.call("POST", url, headers: ["Content-Type": "application/x-ndjson"], body: lines) {
      answer($0.isWhole ? nil : $0.fault)
    }
  }

  /// Asks for what it has.
  ///
  /// - Parameters:
  ///   - gateway: whose values.
  ///   - from: the first moment.
  ///   - to: the last moment.
  ///   - answer: called once, on any thread, with lines, or with why there are none.
  func read(
    gateway: String, from: Instant, to: Instant,
    answer: @escaping @Sendable (_ lines: [UInt8], _ fault: String?) -> Void
  ) {
    let query = [
      URLQueryItem(name: "match[]", value: "{__name__=~\"tonnelle_place_.*\",gateway=\"\(gateway)\"}"),
      URLQueryItem(name: "start", value: "\(from.seconds)"), URLQueryItem(name: "end", value: "\(to.seconds)"),
    ]
    guard let url = url("/api/v1/export", query) else { return answer([], "no address") }
    caller.call("GET", url, mostBytes: Self.mostBytes) {
      answer($0.body, $0.isWhole ? nil : $0.error ?? $0.fault)
    }
  }

  private func url(_ path: String, _ query: [URLQueryItem]) -> URL? {
    var url = base
    url.path += path
    if !query.isEmpty { url.queryItems = query }
    return url.url
  }

  /// Gives up what is under way.
  func cancel() { caller.cancel() }
}
