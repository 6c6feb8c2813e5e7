// Metrics in Prometheus's text format 0.0.4: base units, counters end in _total, no unbounded labels.

internal import CoolIslands
internal import Glibc
internal import Publication
internal import Quantities

enum Metrics {
  static func text(_ facts: OperatorsFacts, traffic: PublicTraffic) -> String {
    var text = ""
    func metric(_ name: String, _ kind: String, _ help: String, _ samples: [(labels: String, value: String)]) {
      text += "# HELP tonnelle_\(name) \(help)\n# TYPE tonnelle_\(name) \(kind)\n"
      for sample in samples { text += "tonnelle_\(name)\(sample.labels) \(sample.value)\n" }
    }
    func flag(_ value: Bool) -> String { value ? "1" : "0" }
    metric("broker_connected", "gauge", "Whether the broker is connected.", [("", flag(facts.brokerConnected))])
    metric("store_working", "gauge", "Whether the journal can be written.", [("", flag(facts.storeReason == nil))])
    metric("batches_total", "counter", "Batches committed since the start.", [("", String(facts.batches))])
    metric("journal_position", "gauge", "Number of the last entry of the journal.", [("", String(facts.position))])
    metric(
      "checkpoint_lag_entries", "gauge", "Entries that a start would read.",
      [("", String(facts.position - facts.checkpoint.first))])
    metric(
      "ledger_balanced", "gauge", "Whether every reading is accounted for.", [("", flag(facts.ledger.isBalanced))])
    metric("public_connections", "gauge", "Open connections of the public port.", [("", String(traffic.connections))])
    metric("event_streams", "gauge", "Open event streams.", [("", String(traffic.streams.open))])
    metric(
      "event_streams_refused_total", "counter", "Event streams refused since there were too many.",
      [("", String(traffic.streams.refused))])
    metric(
      "event_streams_dropped_total", "counter", "Event streams ended since their client did not keep up.",
      [("", String(traffic.streams.dropped))])
    metric("resident_memory_bytes", "gauge", "Resident memory of the process.", [("", String(residentBytes()))])
    let isRefusal = { (name: String) in name.hasPrefix("refused_") }
    let ledger = facts.ledger.named
    metric(
      "readings_total", "counter", "Messages and readings by what became of them.",
      ledger.filter { !isRefusal($0.name) }.map { ("{outcome=\"\($0.name)\"}", String($0.count)) })
    metric(
      "refused_total", "counter", "Messages and readings refused, by reason.",
      ledger.filter { isRefusal($0.name) }.map { ("{reason=\"\($0.name.dropFirst(8))\"}", String($0.count)) })
    let places = facts.view.places
    metric(
      "places", "gauge", "Places by availability.",
      Availability.allCases.map { state in
        ("{availability=\"\(state.rawValue)\"}", String(places.count { $0.indicators.availability == state }))
      })
    metric(
      "places_ready", "gauge", "Places whose sensors are heard and whose timetable is readable.",
      [("", String(places.count(where: \.isReady)))])
    let sensors = places.flatMap(\.sensors) + facts.view.stations
    metric(
      "sensors", "gauge", "Sensors by state.",
      [
        ("{state=\"alive\"}", String(sensors.count(where: \.isAlive))),
        ("{state=\"silent\"}", String(sensors.count { !$0.isAlive })),
      ])
    return text
  }

  /// The second field of /proc/self/statm, in pages (proc(5)).
  private static func residentBytes() -> Int {
    let descriptor = unsafe open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return 0 }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 128)
    let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
    guard count > 0 else { return 0 }
    let fields = String(decoding: buffer.prefix(count), as: UTF8.self).split(separator: " ")
    return fields.count > 1 ? (Int(fields[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE)) : 0
  }
}
