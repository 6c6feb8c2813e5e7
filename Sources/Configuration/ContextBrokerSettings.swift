// The `context_broker` of the settings: who holds the present of the city's things.

internal import JSONText
public import Quantities

extension Settings {
  /// A context broker of NGSI-LD.
  public struct ContextBroker: Hashable, Sendable {
    /// Its address, without `/ngsi-ld/v1`.
    public var url: String
    /// Which of its tenants, if it has several.
    public var tenant: String?
    /// The file whose first line is the token, if it wants one.
    public var tokenFile: String?
    /// A place's entity is sent at most once in this time.
    public var interval = Span.seconds(10)

    /// What holds where the settings say nothing but the address.
    public init(url: String) { self.url = url }
  }
}

struct ContextBrokerReader {
  func read(_ reader: ObjectReader) -> Settings.ContextBroker? {
    let url = reader.serverAddress("url")
    var broker = Settings.ContextBroker(url: url ?? "")
    broker.tokenFile = reader.string("token_file")
    if let tenant = reader.string("tenant"), let value = reader.value["tenant"] {
      let isName = tenant.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
      if !isName || tenant.isEmpty || tenant.utf8.count > 256 {
        reader.error(at: value, "tenant", "the name of a tenant was expected, up to 256 letters without spaces")
      }
      broker.tenant = tenant
    }
    if let seconds = reader.integer("interval_s", in: 1...3600) { broker.interval = .seconds(Int64(seconds)) }
    reader.finish()
    return url == nil ? nil : broker
  }
}
