// Looks at one place: reads its sensors and its transitions, and sums them up by season and by day.

internal import CoolIslands
internal import Publication
internal import Quantities
internal import RingSeries
internal import SensorProtocol
internal import Store

/// What all places of a report share.
struct SeasonFrame {
  let city: City
  let history: HistoryReader
  let grid: HourGrid
  /// The civil days that were asked for.
  let days: ClosedRange<CivilDay>
  /// What the history knows of them, Unix milliseconds.
  let observed: Range<Int64>
  /// When the gateway was not there.
  let gaps: [HistoryGap]
  /// The hours that lie in it.
  let hours: Range<Int>
  /// Seconds of each hour in which the gateway was not there.
  let absent: [Int64]

  /// What is common to all places.
  init(
    city: City, history: HistoryReader, grid: HourGrid, days: ClosedRange<CivilDay>, observed: Range<Int64>,
    gaps: [HistoryGap]
  ) {
    (self.city, self.history, self.grid, self.days) = (city, history, grid, days)
    (self.observed, self.gaps) = (observed, gaps)
    hours = grid.hours(in: observed)
    var absent = Array(repeating: Int64(0), count: grid.count)
    for gap in gaps where gap.from < gap.until {
      for hour in max(0, grid.index(of: gap.from))...max(0, grid.index(of: gap.until - 1)) where hour < grid.count {
        let start = grid.start(of: hour)
        let missed = (max(start, gap.from)..<max(start, min(start + HourGrid.hour, gap.until))).count
        absent[hour] = min(3600, absent[hour] + Int64(missed) / 1000)
      }
    }
    self.absent = absent
  }

  /// The hours of a series.
  func series(_ sensor: Int, _ field: Field) throws(StoreError) -> HourSeries {
    let last = grid.first.adding(days: Int64(grid.dayStarts.count) - 2)
    let rows = try history.hours(
      sensor: city.sensors[sensor].id, field: field.rawValue, days: grid.first.daysSinceEpoch...last.daysSinceEpoch)
    return HourSeries(rows, grid)
  }

  /// The hours of a day of the grid that are known.
  func hours(ofDay number: Int) -> Range<Int> {
    grid.hours(in: grid.dayStarts[number]..<grid.dayStarts[number + 1]).clamped(to: hours)
  }

  /// The days that were asked for, by their number in the grid.
  var numbers: ClosedRange<Int> { grid.number(of: days.lowerBound)...grid.number(of: days.upperBound) }
}

/// The look at one place.
struct PlaceSurvey {
  private let frame: SeasonFrame
  private let index: Int
  private let place: Place
  /// Hours in which nothing about people and sound is taken in.
  private let isSchool: [Bool]

  private(set) var season: PlaceSeason
  private(set) var days: [PlaceDay]
  private(set) var silences: [Silence] = []
  /// Sensors that were never heard until the end.
  private(set) var unheard: [String] = []

  private var city: City { frame.city }
  private var grid: HourGrid { frame.grid }

  /// Begins with a place.
  ///
  /// - Parameters:
  ///   - index: the place.
  ///   - frame: what all places share.
  init(_ index: Int, _ frame: SeasonFrame) {
    self.frame = frame
    self.index = index
    place = frame.city.places[index]
    season = PlaceSeason(
      id: place.about.id, name: place.about.name, kind: place.about.kind.rawValue,
      hasSchoolHours: place.schoolHours != nil)
    var isSchool = Array(repeating: false, count: frame.grid.count)
    let count = frame.grid.dayStarts.count - 1
    for time in frame.city.schoolTimes(of: index, from: frame.grid.first, days: count) {
      let from = max(0, frame.grid.index(of: time.from.milliseconds))
      let until = min(frame.grid.count, frame.grid.index(of: time.until.milliseconds + HourGrid.hour - 1))
      for hour in from..<max(from, until) { isSchool[hour] = true }
    }
    self.isSchool = isSchool
    days = frame.numbers.map { number in
      PlaceDay(day: frame.grid.first.adding(days: Int64(number)), times: StateTimes())
    }
  }

  /// Looks at all of it.
  ///
  /// - Parameters:
  ///   - reference: the hourly means of what it is compared with; nil where there is nothing.
  ///   - works: the day of works, if there were some.
  /// - Throws: `StoreError`.
  mutating func run(reference: [Int64?]?, works: CivilDay?) throws(StoreError) {
    season.hasReference = reference != nil
    season.works = works.map { ($0, nil, nil) }
    try lookAtStates()
    var temperatures: [HourSeries] = []
    var levels: [HourSeries] = []
    var doors: [(field: Field, series: HourSeries)] = []
    var shares = Array(repeating: (covered: Int64(0), due: Int64(0)), count: days.count)
    for sensor in city.sensors.indices where city.sensors[sensor].place == index {
      let configured = city.sensors[sensor]
      var attendance = Attendance(of: configured, frame)
      for field in configured.fields {
        var series = try frame.series(sensor, field)
        season.damaged += series.damaged
        try attendance.take(series, of: field)
        switch field {
        case .temperature:
          series.dropStandstill(city.choices.quality)
          temperatures.append(series)
        case .laeq:
          series.dropStillHours(city.choices.quality)
          levels.append(series)
        case .inTotal, .outTotal: doors.append((field, series))
        case .people, .occupied: season.hasOccupancy = true
        default: break
        }
      }
      // A sensor of which nothing is taken in during school hours is not silent then.
      let isOff = configured.fields.allSatisfy { $0.isAboutPeople || $0.isSound } ? isSchool : nil
      if attendance.isUnheard { unheard.append(configured.id) }
      silences += attendance.silences(place: season.id, isOff: isOff)
      for (number, share) in attendance.shares(isOff: isOff) {
        let day = number - frame.numbers.lowerBound
        guard shares.indices.contains(day) else { continue }
        shares[day] = (shares[day].covered + share.covered, shares[day].due + share.due)
      }
    }
    season.silences = Int64(silences.count)
    if city.sensors.contains(where: { $0.place == index }) {
      season.sensorShare = Self.share(shares.reduce((0, 0)) { ($0.0 + $1.covered, $0.1 + $1.due) })
      for day in days.indices { days[day].sensorShare = Self.share(shares[day]) }
    }
    lookAtTemperatures(temperatures, reference, works)
    lookAtDoors(doors)
    lookAtSound(levels)
  }

  private static func share(_ part: (covered: Int64, due: Int64)) -> Answer<Int64> {
    part.due > 0 ? .known(part.covered * 1000 / part.due) : .unknown
  }

  // MARK: States

  private mutating func lookAtStates() throws(StoreError) {
    guard !frame.observed.isEmpty else { return }
    var clock = StateClock(grid, frame.observed, without: frame.gaps)
    try frame.history.changes(of: season.id, from: frame.observed.lowerBound, to: frame.observed.upperBound) {
      clock.take($0)
    }
    var before: [String: String] = [:]
    for indicator in StateClock.indicators where clock.isBlank(indicator) {
      before[indicator] = try frame.history.state(indicator, of: season.id, before: frame.observed.lowerBound)
    }
    clock.close { before[$0] }
    for (day, number) in frame.numbers.enumerated() {
      days[day].times = clock.days[number]
      season.times.add(clock.days[number])
    }
  }

  // MARK: Temperatures

  private mutating func lookAtTemperatures(_ series: [HourSeries], _ reference: [Int64?]?, _ works: CivilDay?) {
    guard !series.isEmpty else { return }
    season.isMeasured = true
    let border = city.choices.cooler.rawValue
    for (day, number) in frame.numbers.enumerated() {
      let hours = frame.hours(ofDay: number)
      days[day].warmest = Answer(
        hours.flatMap { hour in series.compactMap { $0.buckets[hour].count > 0 ? $0.buckets[hour].maximum : nil } }
          .max().map(MilliCelsius.init))
      guard let reference else { continue }
      for hour in hours {
        guard let street = reference[hour], let own = median(series.compactMap { $0.mean(hour) }) else { continue }
        let difference = street - own
        days[day].differences.add(difference)
        if difference >= border { days[day].coolerHours += 1 }
        if 12..<18 ~= grid.clock[hour] { days[day].afternoon.add(difference) }
        if 0..<6 ~= grid.clock[hour] { days[day].night.add(difference) }
      }
      season.coolerHours += days[day].coolerHours
      for (path, part) in [
        (\PlaceSeason.differences, days[day].differences), (\.afternoons, days[day].afternoon),
        (\.nights, days[day].night),
      ] {
        season[keyPath: path].hours += part.hours
        season[keyPath: path].sum += part.sum
      }
    }
    guard let works, let reference else { return }
    season.works = (
      works, effect(of: works, reference) { $0.afternoon }, effect(of: works, reference) { $0.night }
    )
  }

  /// Compares days of which all six hours are known, the day of the works itself left out.
  private func effect(
    of works: CivilDay, _ reference: [Int64?], _ part: (PlaceDay) -> Differences
  ) -> WorksEffect? {
    var (before, after): ([WorksEffect.Day], [WorksEffect.Day]) = ([], [])
    for (day, number) in zip(days, frame.numbers) where day.day != works {
      let known = frame.hours(ofDay: number).compactMap { reference[$0] }
      let differences = part(day)
      guard differences.hours == 6, let mean = differences.mean, known.count >= 20, let warmest = known.max() else {
        continue
      }
      let row = WorksEffect.Day(
        day: day.day.daysSinceEpoch, difference: mean.rawValue, referenceMaximum: warmest)
      if day.day < works { before.append(row) } else { after.append(row) }
    }
    return WorksEffect(before: before, after: after)
  }

  // MARK: Doors

  private mutating func lookAtDoors(_ doors: [(field: Field, series: HourSeries)]) {
    guard !doors.isEmpty else { return }
    season.hasOccupancy = true
    func visitors(_ hours: Range<Int>) -> Answer<VisitorRange> {
      func passed(_ field: Field) -> Int64? {
        let sum = doors.filter { $0.field == field }.map { $0.series.sum(hours) }
        guard sum.contains(where: { $0.count > 0 }), !sum.contains(where: \.isOverflown) else { return nil }
        return Int64(clamping: sum.reduce(0) { $0 + $1.sum } / 1000)
      }
      return Answer(VisitorRange(entered: passed(.inTotal), left: passed(.outTotal)))
    }
    season.visitors = visitors(frame.hours)
    for (day, number) in frame.numbers.enumerated() { days[day].visitors = visitors(frame.hours(ofDay: number)) }
    let due = frame.hours.filter { !isSchool[$0] }
    let covered = doors.reduce(Int64(0)) { sum, door in
      sum + due.reduce(0) { $0 + door.series.buckets[$1].covered(of: 3600) }
    }
    season.countingShare = Self.share((covered, Int64(due.count * doors.count) * 3600))
  }

  // MARK: Sound

  private mutating func lookAtSound(_ levels: [HourSeries]) {
    guard !levels.isEmpty else { return }
    /// What was heard together in some hours; the share is of the time in which sound is taken in.
    func heard(_ hours: Range<Int>, withoutSchool: Bool) -> (energy: Double?, share: Int64) {
      var sum = Bucket()
      for series in levels { sum.combine(series.sum(hours)) }
      // Of an hour that school touches a part may be heard: it counts in the mean, and in no share.
      let due = hours.filter { !withoutSchool || !isSchool[$0] }
      let all = Int64(due.count * levels.count) * 3600
      let covered = levels.reduce(Int64(0)) { sum, series in
        sum + due.reduce(0) { $0 + series.buckets[$1].covered(of: 3600) }
      }
      return (sum.meanEnergy, all > 0 ? covered * 1000 / all : 0)
    }
    let least = city.choices.noiseDayCoverage
    func level(_ hours: Range<Int>) -> Answer<MilliDecibels> {
      let (energy, share) = heard(hours, withoutSchool: true)
      return share >= least ? Answer(energy.map(Sound.laeq)) : .unknown
    }
    season.laeq = level(frame.hours)
    season.soundShare = .known(heard(frame.hours, withoutSchool: true).share)
    let borders = city.choices.noiseHours
    var sums: [Double] = [0, 0, 0]
    var known: Int64 = 0
    for (day, number) in frame.numbers.enumerated() {
      days[day].laeq = level(frame.hours(ofDay: number))
      let date = days[day].day
      func start(_ hour: Int, _ date: CivilDay) -> Int64 {
        city.zone.instant(date, secondOfDay: hour * 3600).milliseconds
      }
      let parts = [
        start(borders.day, date), start(borders.evening, date), start(borders.night, date),
        start(borders.day, date.adding(days: 1)),
      ]
      let energies = zip(parts, parts.dropFirst()).compactMap { from, to -> Double? in
        let (energy, share) = heard(grid.hours(in: from..<to), withoutSchool: false)
        return share >= least ? energy : nil
      }
      days[day].sound = .unknown
      guard energies.count == 3 else { continue }
      days[day].sound = .known(Self.sound(energies, days: 1))
      for part in 0..<3 { sums[part] += energies[part] }
      known += 1
    }
    season.sound = known > 0 ? .known(Self.sound(sums.map { $0 / Double(known) }, days: known)) : .unknown
  }

  private static func sound(_ energies: [Double], days: Int64) -> SoundOfDays {
    let levels = energies.map(Sound.laeq)
    return SoundOfDays(
      lden: Sound.lden(day: levels[0], evening: levels[1], night: levels[2]), lnight: levels[2], days: days)
  }
}
