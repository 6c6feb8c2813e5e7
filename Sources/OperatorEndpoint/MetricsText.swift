// The two text formats of metrics: Prometheus's 0.0.4, and OpenMetrics 1.0 for whoever asks for it.

/// How metrics are written.
enum MetricsFormat {
  /// Prometheus's own, which every program reads.
  case prometheus
  /// OpenMetrics 1.0, with units and an end by which one sees that nothing is missing.
  case openMetrics

  /// What a client prefers by its `Accept`; nothing said is Prometheus's own.
  init(accepting header: String?) {
    var best: (quality: Double, format: MetricsFormat) = (0, .prometheus)
    for range in (header ?? "").split(separator: ",") {
      let parts = range.split(separator: ";").map { $0.filter { $0 != " " }.lowercased() }
      func value(_ key: String) -> String? {
        parts.dropFirst().first { $0.hasPrefix(key) }.map { String($0.dropFirst(key.count)) }
      }
      let quality = value("q=").flatMap(Double.init) ?? 1
      switch parts.first {
      case "application/openmetrics-text" where value("version=") ?? "1.0.0" == "1.0.0":
        if quality > best.quality { best = (quality, .openMetrics) }
      case "text/plain":
        if quality > best.quality { best = (quality, .prometheus) }
      default: break
      }
    }
    self = best.format
  }

  /// The value of `Content-Type`.
  var mediaType: String {
    switch self {
    case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
    case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
    }
  }
}

/// Families of metrics as text.
///
/// Labels are words of the program: none has a character that would have to be escaped.
struct MetricsText {
  /// What a family counts or measures.
  enum Kind: String { case gauge, counter, info }

  private(set) var text = ""
  private let format: MetricsFormat

  init(_ format: MetricsFormat) { self.format = format }

  /// Adds a family.
  ///
  /// - Parameters:
  ///   - name: without `_total` and `_info`; it ends in the unit, where there is one.
  ///   - kind: what it is.
  ///   - unit: the unit at the end of the name.
  ///   - help: a sentence.
  ///   - samples: each with its labels; none leaves the family out.
  mutating func family(
    _ name: String, _ kind: Kind, unit: String? = nil, _ help: String, _ samples: [(labels: String, value: String)]
  ) {
    guard !samples.isEmpty else { return }
    let suffix =
      switch kind {
      case .gauge: ""
      case .counter: "_total"
      case .info: "_info"
      }
    switch format {
    case .prometheus:
      let kind = kind == .info ? Kind.gauge : kind
      text += "# HELP \(name)\(suffix) \(help)\n# TYPE \(name)\(suffix) \(kind.rawValue)\n"
    case .openMetrics:
      text += "# TYPE \(name) \(kind.rawValue)\n"
      if let unit { text += "# UNIT \(name) \(unit)\n" }
      text += "# HELP \(name) \(help)\n"
    }
    for sample in samples { text += "\(name)\(suffix)\(sample.labels) \(sample.value)\n" }
  }

  /// Adds a family of one sample, or none where there is no value.
  mutating func family(_ name: String, _ kind: Kind, unit: String? = nil, _ help: String, _ value: Int64?) {
    family(name, kind, unit: unit, help, value.map { [("", String($0))] } ?? [])
  }

  /// Adds a family of one sample that is true or false.
  mutating func family(_ name: String, _ help: String, is value: Bool) { family(name, .gauge, help, value ? 1 : 0) }

  /// Adds a family of one time or length of time in seconds.
  mutating func seconds(_ name: String, _ kind: Kind, _ help: String, milliseconds: Int64?) {
    guard let milliseconds else { return }
    let thousandths = String(milliseconds % 1000 + 1000).dropFirst()
    family(name, kind, unit: "seconds", help, [("", "\(milliseconds / 1000).\(thousandths)")])
  }

  /// The whole text.
  var bytes: [UInt8] { Array((format == .openMetrics ? text + "# EOF\n" : text).utf8) }
}
