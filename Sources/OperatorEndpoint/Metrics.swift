// What the gateway tells a monitoring system: base units, counters end in _total, no unbounded labels.

internal import CoolIslands
internal import Publication
internal import Quantities
internal import Store

enum Metrics {
  /// All metrics.
  ///
  /// - Parameters:
  ///   - facts: the city and the gateway.
  ///   - traffic: the public port.
  ///   - storage: the disk; nil where it does not answer.
  ///   - format: how they are written.
  /// - Returns: the document.
  static func text(
    _ facts: OperatorsFacts, traffic: PublicTraffic, storage: StorageUse?, _ format: MetricsFormat
  ) -> [UInt8] {
    var text = MetricsText(format)
    process(&text)
    gateway(facts, storage, &text)
    ledger(facts.ledger, &text)
    port(traffic, &text)
    city(facts.view, &text)
    sensors(facts, &text)
    return text.bytes
  }

  private static func process(_ text: inout MetricsText) {
    text.family("tonnelle_build", .info, "The version that runs.", [("{version=\"\(Version.text)\"}", "1")])
    text.seconds(
      "process_start_time_seconds", .gauge, "When the process began, Unix time.", milliseconds: Process.start)
    text.seconds(
      "process_cpu_seconds", .counter, "Processor time of the process.", milliseconds: Process.processorTime)
    text.family(
      "tonnelle_resident_memory_bytes", .gauge, unit: "bytes", "Resident memory of the process.", Process.residentBytes)
  }

  private static func gateway(_ facts: OperatorsFacts, _ storage: StorageUse?, _ text: inout MetricsText) {
    text.family("tonnelle_broker_connected", "Whether the broker is connected.", is: facts.brokerConnected)
    text.family(
      "tonnelle_subscriptions_refused", .gauge, "Filters whose subscription the broker refuses.",
      Int64(facts.refusedFilters.count))
    text.family("tonnelle_store_working", "Whether the journal can be written.", is: facts.storeReason == nil)
    text.seconds(
      "tonnelle_loop_timestamp_seconds", .gauge, "Where the loop's clock was when it last showed what it knows.",
      milliseconds: facts.view.at.milliseconds)
    text.family("tonnelle_batches", .counter, "Batches committed since the start.", facts.batches)
    text.family("tonnelle_journal_position", .gauge, "Number of the last entry of the journal.", facts.position)
    text.family(
      "tonnelle_checkpoint_lag_entries", .gauge, "Entries that a start would read.",
      facts.position - facts.checkpoint.first)
    text.family(
      "tonnelle_database_bytes", .gauge, unit: "bytes", "Journal, checkpoints and history on the disk.",
      storage?.databaseBytes)
    text.family(
      "tonnelle_disk_free_bytes", .gauge, unit: "bytes", "Room that is left on the disk of the data folder.",
      storage?.freeBytes)
    text.family(
      "tonnelle_disk_size_bytes", .gauge, unit: "bytes", "Size of the disk of the data folder.", storage?.totalBytes)
  }

  private static func ledger(_ ledger: Ledger, _ text: inout MetricsText) {
    text.family("tonnelle_ledger_balanced", "Whether every reading is accounted for.", is: ledger.isBalanced)
    text.family(
      "tonnelle_readings", .counter, "Messages and readings by what became of them.",
      ledger.outcomes.map { ("{outcome=\"\($0.name)\"}", String($0.count)) })
    text.family(
      "tonnelle_refused", .counter, "Messages and readings refused, by reason.",
      ledger.refusals.map { ("{reason=\"\($0.reason)\"}", String($0.count)) })
  }

  private static func port(_ traffic: PublicTraffic, _ text: inout MetricsText) {
    text.family(
      "tonnelle_public_connections", .gauge, "Open connections of the public port.", Int64(traffic.connections.open))
    text.family(
      "tonnelle_public_connections_refused", .counter,
      "Connections closed at once since their address had too many.", Int64(traffic.connections.refused))
    text.family("tonnelle_event_streams", .gauge, "Open event streams.", Int64(traffic.streams.open))
    text.family(
      "tonnelle_event_streams_refused", .counter, "Event streams refused since there were too many.",
      Int64(traffic.streams.refused))
    text.family(
      "tonnelle_event_streams_dropped", .counter, "Event streams ended since their client did not keep up.",
      Int64(traffic.streams.dropped))
  }

  private static func city(_ view: OperatorsView, _ text: inout MetricsText) {
    let places = view.places
    text.family(
      "tonnelle_places", .gauge, "Places by availability.",
      Availability.allCases.map { state in
        ("{availability=\"\(state.rawValue)\"}", String(places.count { $0.indicators.availability == state }))
      })
    text.family(
      "tonnelle_places_ready", .gauge, "Places about which nothing urgent is to be done.",
      Int64(places.count(where: \.isReady)))
    let open = places.map(\.indicators).filter { $0.opening.state == .open }
    text.family(
      "tonnelle_open_places", .gauge, "Open places by the rule that opens them and by how full they are.",
      OpeningRule.allCases.flatMap { rule in
        (OccupancyLevel.allCases.map(Optional.some) + [nil]).map { level in
          let count = open.count { $0.opening.rule == rule && $0.occupancy?.level == level }
          return ("{rule=\"\(rule.rawValue)\",occupancy=\"\(level?.rawValue ?? "unknown")\"}", String(count))
        }
      })
    text.family(
      "tonnelle_heat_level", .gauge, "Heat level by source, 1 green to 4 red; the highest holds.",
      HeatEntry.Source.allCases.compactMap { source in
        view.heatNow.filter { $0.source == source }.map(\.level).max().map {
          ("{source=\"\(source.rawValue)\"}", String($0))
        }
      })
    guard let coverage = view.coverage else { return }
    text.family("tonnelle_population", .gauge, "People of whom it is known where they live.", coverage.total)
    guard let now = coverage.scenarios.first(where: { $0.name == "now" }) else { return }
    text.family(
      "tonnelle_population_covered", .gauge, "People with an open, cool place that has room, by distance.",
      zip(Coverage.metres, now.covered).map { ("{within_metres=\"\(Int($0))\"}", String($1)) })
  }

  private static func sensors(_ facts: OperatorsFacts, _ text: inout MetricsText) {
    let sensors = facts.view.places.flatMap(\.sensors) + facts.view.stations
    text.family(
      "tonnelle_sensors", .gauge, "Sensors by state.",
      [
        ("{state=\"alive\"}", String(sensors.count(where: \.isAlive))),
        ("{state=\"silent\"}", String(sensors.count { !$0.isAlive })),
      ])
    let flags = sensors.flatMap(\.quality).map(\.quality.flag)
    let names: [(QualityFlag, String)] = [
      (.pass, "pass"), (.notEvaluated, "not_evaluated"), (.suspect, "suspect"), (.fail, "fail"), (.missing, "missing"),
    ]
    text.family(
      "tonnelle_sensor_fields", .gauge, "Fields of sensors by how far they can be believed.",
      names.map { flag, name in ("{quality=\"\(name)\"}", String(flags.count { $0 == flag })) })
    text.seconds(
      "tonnelle_last_reading_timestamp_seconds", .gauge, "Time of the newest reading, by the loop's clock.",
      milliseconds: sensors.compactMap(\.lastObserved).max()?.milliseconds)
    text.family(
      "tonnelle_unknown_senders", .gauge, "Senders that no setting knows, 1,000 at most.",
      Int64(facts.strangers.newest.count))
  }
}
