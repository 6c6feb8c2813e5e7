// The long history of a running gateway: from the settings to the server, and from its news to the log.

internal import Configuration
internal import Gateway
internal import JSONText
internal import Outlets
internal import Publication
internal import Quantities

/// The long history of a running gateway.
final class LongKeeping: Sendable {
  private let history: LongHistory

  /// Opens the outbox and begins; nil where the settings name no long history.
  ///
  /// - Parameter loaded: the configuration.
  /// - Throws: ``CommandFailure`` when the token or the address cannot be used.
  init?(_ loaded: LoadedConfiguration) throws(CommandFailure) {
    let settings = loaded.configured.settings
    guard let kept = settings.longHistory else { return nil }
    let token = try kept.tokenFile.map { name throws(CommandFailure) in try Files.token(loaded.path(of: name)) }
    guard
      let history = LongHistory(
        kept, token: token, gateway: settings.gateway, folder: loaded.dataFolder, tell: { Self.log($0, $1) })
    else { throw CommandFailure("the address \(kept.url) of the long history cannot be used") }
    self.history = history
    history.start()
  }

  /// What is published.
  func show(_ snapshot: PublicSnapshot) { history.show(snapshot) }

  /// How it is doing, as JSON.
  var document: [UInt8] {
    let status = history.status
    var json = JSONWriter()
    json.object { json in
      json.member("waiting", status.waiting)
      json.member("waiting_bytes", status.bytes)
      json.member(ifPresent: "last_quarter", status.last?.rfc3339())
      json.member(ifPresent: "last_error", status.lastError)
      json.member("delivered", status.delivered)
      json.member("dropped", status.dropped)
      json.member("refused", status.refused)
      json.member(ifPresent: "outbox_failed", status.storeReason)
    }
    return json.bytes
  }

  /// Stops; what is not provably kept waits for the next start.
  func stop() { history.stop() }

  private static func log(_ news: LongHistoryNews, _ text: String) {
    switch news {
    case .notDelivered: Log.warning("long_history_not_delivered", text)
    case .delivered: Log.notice("long_history_delivered", text)
    case .refused: Log.warning("long_history_refused", text)
    case .dropped: Log.warning("long_history_dropped", text)
    case .outboxFailed: Log.error("long_history_failed", text)
    case .outboxRecovered: Log.notice("long_history_recovered", text)
    }
  }
}
