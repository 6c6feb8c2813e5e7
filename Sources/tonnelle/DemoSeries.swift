// Recorded series as messages of sensors: which column of which file stands in for which sensor, and for which day.

internal import JSONText
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
  fileprivate let sensors: [DemoSensor]
  fileprivate let readings: [Reading]

  /// A row of one sensor, small: there are a hundred thousand.
  fileprivate struct Reading {
    /// Seconds after the start of the history.
    var seconds: Int32
    var sensor: Int16
    /// Bit i: field i has a value.
    var present: UInt8
    /// Thousandths of the field's unit; of a counter, how many more.
    var values: (Int32, Int32, Int32) = (0, 0, 0)

    subscript(index: Int) -> Int32 {
      get { index == 0 ? values.0 : index == 1 ? values.1 : values.2 }
      set {
        switch index {
        case 0: values.0 = newValue
        case 1: values.1 = newValue
        default: values.2 = newValue
        }
        present |= 1 << UInt8(index)
      }
    }
  }

  /// Reads `demo.json` and the files it names.
  static func load(folder: String) throws(CommandFailure) -> DemoSeries {
    guard let bytes = Files.read(folder + "/demo.json") else { throw CommandFailure("\(folder) holds no demo.json") }
    let document: JSONDocument
    do {
      document = try JSONDocument(bytes, options: .forPeople)
    } catch {
      throw CommandFailure("\(folder)/demo.json: \(error)")
    }
    return try DemoSeries(document.root, folder: folder)
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
    var sensors: [DemoSensor] = []
    for element in root["series"].map({ Array($0.elements) }) ?? [] { sensors.append(try DemoSensor(element)) }
    self.sensors = sensors
    var readings: [Reading] = []
    for file in Set(sensors.map(\.file)).sorted() {
      try Self.read(file, folder: folder, sensors, from: historyStart, into: &readings)
    }
    self.readings = readings.sorted { ($0.seconds, $0.sensor) < ($1.seconds, $1.sensor) }
  }

  /// Reads a file of comma-separated values once, for all sensors that it stands in for.
  private static func read(
    _ file: String, folder: String, _ sensors: [DemoSensor], from start: Instant, into readings: inout [Reading]
  ) throws(CommandFailure) {
    var lines = try Files.nonEmptyLines(folder + "/" + file).makeIterator()
    let header = lines.next().map { $0.split(separator: 0x2C).map { String(decoding: $0, as: UTF8.self) } } ?? []
    func column(_ name: String) throws(CommandFailure) -> Int {
      guard let index = header.firstIndex(of: name) else { throw CommandFailure("\(file) has no column \"\(name)\"") }
      return index
    }
    let time = try column("time")
    var wanted: [(sensor: Int, select: (column: Int, value: [UInt8])?, columns: [Int])] = []
    for (index, sensor) in sensors.enumerated() where sensor.file == file {
      var select: (column: Int, value: [UInt8])?
      if let choice = sensor.select { select = (try column(choice.column), Array(choice.value.utf8)) }
      var columns: [Int] = []
      for field in sensor.fields { columns.append(try column(field.column)) }
      wanted.append((index, select, columns))
    }
    while let line = lines.next() {
      let cells = line.split(separator: 0x2C, omittingEmptySubsequences: false)
      // The hour of the recorded day is kept; the city's summer time is two hours ahead of UTC.
      guard cells.count == header.count,
        let wall = Instant(rfc3339: String(decoding: cells[time].prefix(19), as: UTF8.self) + "+02:00")
      else { continue }
      for want in wanted {
        if let select = want.select, !cells[select.column].elementsEqual(select.value) { continue }
        let sensor = sensors[want.sensor]
        let at = wall + .days(sensor.shiftDays) + .seconds(sensor.delay)
        guard let seconds = Int32(exactly: (at - start).seconds) else { continue }
        var reading = Reading(seconds: seconds, sensor: Int16(want.sensor), present: 0)
        for (index, column) in want.columns.enumerated() {
          if let value = ExactDecimal(cells[column]) { reading[index] = Int32(clamping: value.thousandths) }
        }
        if reading.present != 0 { readings.append(reading) }
      }
    }
  }

  /// The messages of the days before, in order.
  func history() -> Cursor { Cursor(self) }

  /// The messages from `start` on, the cycle's days again and again, counters going on where the history left them.
  func live() -> Cursor {
    var cursor = history()
    while cursor.next(until: start - .milliseconds(1)) != nil {}
    return cursor
  }

  fileprivate func instant(_ reading: Reading) -> Instant { historyStart + .seconds(Int64(reading.seconds)) }

  /// Walks through the readings; when the last day is over the cycle begins again, the date running on.
  struct Cursor {
    private let series: DemoSeries
    private var index: Int
    private var shift = Span.days(0)
    private var totals: [Int: Int64] = [:]

    fileprivate init(_ series: DemoSeries) {
      self.series = series
      self.index = series.readings.firstIndex { $0.seconds >= 0 } ?? series.readings.endIndex
    }

    /// The next message if it is due.
    mutating func next(until now: Instant) -> DemoMessage? {
      let end = series.cycleStart + .days(series.cycleDays)
      if index == series.readings.endIndex || series.instant(series.readings[index]) >= end {
        index = series.readings.firstIndex { series.instant($0) >= series.cycleStart } ?? series.readings.endIndex
        shift = .milliseconds(shift.milliseconds + Span.days(series.cycleDays).milliseconds)
      }
      guard index < series.readings.endIndex, series.instant(series.readings[index]) + shift <= now else { return nil }
      defer { index += 1 }
      return message(series.readings[index])
    }

    private mutating func message(_ reading: Reading) -> DemoMessage {
      let sensor = series.sensors[Int(reading.sensor)]
      let at = series.instant(reading) + shift
      var json = JSONWriter()
      json.array { json in
        var base: Int64? = at.seconds
        for (index, field) in sensor.fields.enumerated() where reading.present & 1 << UInt8(index) != 0 {
          json.object { json in
            if let time = base { json.member("bt", time) }
            base = nil
            json.member("n", field.name)
            var value = Int64(reading[index])
            if field.isTotal {
              let key = Int(reading.sensor) * 8 + index
              totals[key, default: 0] += value
              value = totals[key] ?? 0
            }
            json.member("v", raw: Milli<Percent>(value).text(places: value % 1000 == 0 ? 0 : value % 100 == 0 ? 1 : 3))
          }
        }
      }
      return DemoMessage(at: at, topic: sensor.topic, payload: json.bytes)
    }
  }
}

/// Which columns of a file stand in for a sensor.
private struct DemoSensor {
  let topic: String
  let file: String
  let select: (column: String, value: String)?
  /// At most three.
  let fields: [(name: String, column: String, isTotal: Bool)]
  let shiftDays: Int64
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
    fields = pairs("columns").map { ($0, $1, false) } + pairs("totals").map { ($0, $1, true) }
    guard fields.count <= 3 else { throw CommandFailure("demo.json: a series has at most three fields") }
    shiftDays = shown.daysSinceEpoch - recorded.daysSinceEpoch
    delay = Int64(value["delay_s"]?.integer ?? 0)
  }
}
