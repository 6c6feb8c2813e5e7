// The `long_history` of the settings: where published values are kept for years.

public import Quantities

extension Settings {
  /// A VictoriaMetrics that keeps what was published.
  public struct LongHistory: Hashable, Sendable {
    /// Its address.
    public var url: String
    /// The file whose first line is the token, if it wants one.
    public var tokenFile: String?
    /// Days that wait for it; of more, the oldest go.
    public var keepDays: Int64 = 7
    /// Mebibytes that wait for it, if they are reached before the days.
    public var keepMebibytes: Int64 = 256
    /// How long after an import it is asked whether it still has it: longer than it keeps data in memory alone.
    public var confirmAfter = Span.seconds(30)

    /// What holds where the settings say nothing but the address.
    public init(url: String) { self.url = url }
  }
}

struct LongHistoryReader {
  func read(_ reader: ObjectReader) -> Settings.LongHistory? {
    let url = reader.serverAddress("url")
    var history = Settings.LongHistory(url: url ?? "")
    history.tokenFile = reader.string("token_file")
    if let days = reader.integer("keep_days", in: 1...365) { history.keepDays = Int64(days) }
    if let mebibytes = reader.integer("keep_mib", in: 16...65_536) { history.keepMebibytes = Int64(mebibytes) }
    if let seconds = reader.integer("confirm_s", in: 1...3600) { history.confirmAfter = .seconds(Int64(seconds)) }
    reader.finish()
    return url == nil ? nil : history
  }
}
