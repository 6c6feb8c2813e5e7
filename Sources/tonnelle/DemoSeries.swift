// Recorded series as messages of sensors: which column of which file stands in for which sensor, and for which day.

internal import Core
internal import Gateway
internal import JSONText
internal import MQTTLink
internal import Quantities

/// A message of a sensor that stands in.
struct DemoMessage {
  var at: Instant
  var topic: String
  var payload: [UInt8]
}

/// All series of the demonstration, in the order of their times.
struct DemoSeries {
  /// When the history begins.
  let historyStart: Instant
  /// When the clock starts.
  let start: Instant
  /// The days that are played again and again: their begin and their number.
  let cycleStart: Instant
  let cycleDays: Int64
  private var readings: [Reading] = []
  private let topics: [String]

  /// A row: values of one sensor at one time.
  private struct Reading {
    var at: Instant
    var sensor: Int32
    /// Field names and values as decimal text, or counts that add up.
    var values: [(field: String, text: Substring)]
    var counts: [(field: String, number: Int64)]
  }

  static func load(folder: String) throws(CommandFailure) -> DemoSeries {
    guard let bytes = Files.read(folder + "/demo.json") else { throw CommandFailure("\(folder) holds no demo.json") }
    do {
      return try DemoSeries(try JSONDocument(bytes, options: .forPeople).root, folder: folder)
    } catch let error as JSONError {
      throw CommandFailure("\(folder)/demo.json: \(error)")
    } catch let error as CommandFailure {
      throw error
    } catch {
      throw CommandFailure("\(folder)/demo.json cannot be read")
    }
  }

  private init(_ root: JSONValue, folder: String) throws(CommandFailure) {
    func instant(_ key: String) throws(CommandFailure) -> Instant {
      guard let value = root[key].flatMap({ Instant(rfc3339: $0.slice) }) else {
        throw CommandFailure("\(folder)/demo.json: \"\(key)\" must be a time")
      }
      return value
    }
    historyStart = try instant("history_start")
    start = try instant("start")
    cycleStart = try instant("cycle_start")
    cycleDays = Int64(root["cycle_days"]?.integer ?? 1)
    var topics: [String] = []
    var tables: [String: Table] = [:]
    var readings: [Reading] = []
    for element in root["series"].map({ Array($0.elements) }) ?? [] {
      let spec = try SeriesSpec(element)
      let table: Table
      if let known = tables[spec.file] {
        table = known
      } else {
        table = try Table(try Files.readUnzipped(folder + "/" + spec.file), name: spec.file)
        tables[spec.file] = table
      }
      topics.append(spec.topic)
      readings += try Self.readings(table, spec, sensor: Int32(topics.count - 1))
    }
    self.topics = topics
    self.readings = readings.sorted { ($0.at, $0.sensor) < ($1.at, $1.sensor) }
  }

  private struct SeriesSpec {
    let topic: String
    let file: String
    let select: (column: String, value: String)?
    let columns: [(field: String, column: String)]
    let totals: [(field: String, column: String)]
    let recordedDay: CivilDay
    let shownDay: CivilDay
    let delay: Int64

    init(_ value: JSONValue) throws(CommandFailure) {
      guard let topic = value["topic"]?.string, let file = value["file"]?.string,
        let recorded = value["recorded_day"]?.string.flatMap({ CivilDay($0) }),
        let shown = value["shown_as"]?.string.flatMap({ CivilDay($0) })
      else { throw CommandFailure("demo.json: a series needs topic, file, recorded_day and shown_as") }
      func pairs(_ key: String) -> [(String, String)] {
        value[key].map { object in object.members.map { ($0.key, $0.value.string ?? "") } } ?? []
      }
      self.topic = topic
      self.file = file
      select = pairs("select").first
      columns = pairs("columns")
      totals = pairs("totals")
      recordedDay = recorded
      shownDay = shown
      delay = Int64(value["delay_s"]?.integer ?? 0)
    }
  }

  /// A file of comma-separated values with a header line.
  private struct Table {
    let header: [Substring: Int]
    let rows: [[Substring]]

    init(_ bytes: [UInt8], name: String) throws(CommandFailure) {
      let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
      guard let first = lines.first else { throw CommandFailure("\(name) is empty") }
      let names = first.split(separator: ",", omittingEmptySubsequences: false)
      header = Dictionary(names.enumerated().map { ($1, $0) }) { first, _ in first }
      rows = lines.dropFirst().map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    }

    func column(_ name: String, of file: String) throws(CommandFailure) -> Int {
      guard let index = header[Substring(name)] else { throw CommandFailure("\(file) has no column \"\(name)\"") }
      return index
    }
  }

  /// The hour of the recorded day is kept, the date is shifted; the city's summer time is two hours ahead of UTC.
  private static func readings(_ table: Table, _ spec: SeriesSpec, sensor: Int32) throws(CommandFailure) -> [Reading] {
    let time = try table.column("time", of: spec.file)
    var select: (index: Int, value: String)?
    if let wanted = spec.select { select = (try table.column(wanted.column, of: spec.file), wanted.value) }
    var columns: [(String, Int)] = []
    for (field, column) in spec.columns { columns.append((field, try table.column(column, of: spec.file))) }
    var totals: [(String, Int)] = []
    for (field, column) in spec.totals { totals.append((field, try table.column(column, of: spec.file))) }
    let shift = spec.shownDay.daysSinceEpoch - spec.recordedDay.daysSinceEpoch
    var readings: [Reading] = []
    for row in table.rows where row.count == table.header.count {
      if let select, row[select.index] != select.value { continue }
      guard let wall = Instant(rfc3339: String(row[time].prefix(19)) + "+02:00") else { continue }
      let at = wall + .days(shift) + .seconds(spec.delay)
      let values = columns.compactMap { field, index in row[index].isEmpty ? nil : (field, row[index]) }
      let counts = totals.compactMap { field, index in Int64(row[index]).map { (field, $0) } }
      guard !values.isEmpty || !counts.isEmpty else { continue }
      readings.append(Reading(at: at, sensor: sensor, values: values, counts: counts))
    }
    return readings
  }

  /// Messages of a span of demonstration time, counters counting from its start.
  func messages(from: Instant, to: Instant) -> [DemoMessage] {
    var totals: [String: Int64] = [:]
    return readings.filter { $0.at >= from && $0.at < to }.map { message($0, shiftedBy: .days(0), &totals) }
  }

  /// The message of a reading; running totals are kept by the caller.
  private func message(_ reading: Reading, shiftedBy shift: Span, _ totals: inout [String: Int64]) -> DemoMessage {
    let at = reading.at + shift
    let topic = topics[Int(reading.sensor)]
    var json = JSONWriter()
    json.array { json in
      for (index, field) in (reading.values.map(\.field) + reading.counts.map(\.field)).enumerated() {
        json.object { json in
          if index == 0 { json.member("bt", raw: String(at.seconds)) }
          json.member("n", field)
          if index < reading.values.count {
            json.member("v", raw: String(reading.values[index].text))
          } else {
            let key = "\(topic) \(field)"
            totals[key, default: 0] += reading.counts[index - reading.values.count].number
            json.member("v", totals[key] ?? 0)
          }
        }
      }
    }
    return DemoMessage(at: at, topic: topic, payload: json.bytes)
  }

  /// Walks through the days from `start` on, and begins them again when they are over, the date running on.
  struct Cursor {
    private let series: DemoSeries
    private var index: Int
    private var shift = Span.days(0)
    private var totals: [String: Int64] = [:]

    init(_ series: DemoSeries) {
      self.series = series
      index = series.readings.firstIndex { $0.at >= series.start } ?? series.readings.endIndex
      for message in series.readings[..<index] { _ = series.message(message, shiftedBy: shift, &totals) }
    }

    /// The next message if it is due.
    mutating func next(until now: Instant) -> DemoMessage? {
      let end = series.cycleStart + .days(series.cycleDays)
      if index == series.readings.endIndex || series.readings[index].at >= end {
        index = series.readings.firstIndex { $0.at >= series.cycleStart } ?? series.readings.endIndex
        shift = .milliseconds(shift.milliseconds + Span.days(series.cycleDays).milliseconds)
      }
      guard index < series.readings.endIndex, series.readings[index].at + shift <= now else { return nil }
      defer { index += 1 }
      return series.message(series.readings[index], shiftedBy: shift, &totals)
    }
  }
}

/// Publishes the series at the clock's pace.
final class DemoPlayer {
  private var cursor: DemoSeries.Cursor
  private let client: BrokerClient
  private(set) var published = 0

  init(_ series: DemoSeries, port: Int) throws(CommandFailure) {
    cursor = DemoSeries.Cursor(series)
    client = try BrokerClient(
      LinkOptions(host: "127.0.0.1", port: port, clientID: "tonnelle-demo-player", keepsSession: false))
  }

  /// Publishes what is due, then waits a moment.
  func play(until now: Instant) throws(CommandFailure) {
    while client.unacknowledged < 500, let message = cursor.next(until: now) {
      client.publish(message.topic, message.payload, qos: 1)
      published += 1
    }
    for event in client.pump(milliseconds: 50) {
      if case .lost(let reason) = event { throw CommandFailure("the demonstration's broker is gone: \(reason)") }
    }
  }

  func stop() { client.disconnect() }
}
