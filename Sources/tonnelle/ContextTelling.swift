// The link to a context broker: from the settings to the broker, and from its news to the log.

internal import Configuration
internal import Gateway
internal import Outlets

extension ContextBroker {
  /// Makes a link and begins.
  ///
  /// - Parameter loaded: the configuration.
  /// - Throws: ``CommandFailure`` when the token or the address cannot be used.
  /// - Returns: the link; nil where the settings name no context broker.
  static func make(_ loaded: LoadedConfiguration) throws(CommandFailure) -> ContextBroker? {
    guard let settings = loaded.configured.settings.contextBroker else { return nil }
    let token = try settings.tokenFile.map { name throws(CommandFailure) in try Files.token(loaded.path(of: name)) }
    guard let broker = ContextBroker(settings, token: token, folder: loaded.dataFolder, tell: { log($0, $1) }) else {
      throw CommandFailure("the address \(settings.url) of the context broker cannot be used")
    }
    broker.start()
    return broker
  }

  private static func log(_ news: ContextBrokerNews, _ text: String) {
    switch news {
    case .notDelivered: Log.warning("entities_not_delivered", text)
    case .delivered: Log.notice("entities_delivered", text)
    case .outboxFailed: Log.error("entities_outbox_failed", text)
    case .outboxRecovered: Log.notice("entities_outbox_recovered", text)
    }
  }
}
