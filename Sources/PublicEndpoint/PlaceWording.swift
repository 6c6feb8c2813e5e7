// From public values to the sentences of the pages.

internal import Pages
internal import Publication
internal import Quantities

extension PublicPlace {
  var pageState: PageState {
    PageState(availability: indicators.availability.rawValue, isMeasured: indicators.isMeasured)
  }

  func listItem(_ words: Words) -> ListItem {
    ListItem(
      id: about.id, name: about.name, kind: words.kind(about.kind.rawValue), state: pageState,
      headline: headline(words),
      details: details(words), observedAt: indicators.freshness?.observedAt, amenities: amenities,
      isExample: about.isExample)
  }

  /// What the list says of it when somebody asks for a moment to come: that first, then how it is now.
  func listItem(_ words: Words, openAt moment: Instant) -> ListItem {
    var item = listItem(words)
    if let end = openUntil(at: moment) {
      item.details.insert(words.nowIs(item.headline), at: 0)
      item.headline = words.open(at: moment, until: end)
      // How cool it will be then nobody has measured.
      item.state = .unmeasured
    }
    return item
  }

  private func headline(_ words: Words) -> String {
    let state = indicators.reasons.contains(.feltHot) ? words.tooHot : words.state(pageState)
    switch indicators.opening.state {
    case .open: return indicators.opening.until.map { "\(state), \(words.until($0))" } ?? state
    case .closed: return indicators.opening.until.map { "\(state), \(words.opens($0))" } ?? state
    case .unknown, .contradicted: return state
    }
  }

  private func details(_ words: Words) -> [String] {
    var details: [String] = []
    if indicators.opening.rule == .override { details.append(words.overridden) }
    if indicators.opening.rule == .heat { details.append(words.openedByHeat) }
    if indicators.opening.rule == .programme { details.append(words.openedByProgramme) }
    if indicators.reasons.contains(.roomsTaken) { details.append(words.roomsTaken) }
    if indicators.reasons.contains(.roomsUncertain) { details.append(words.roomsUncertain) }
    if indicators.opening.state == .unknown || indicators.opening.state == .contradicted {
      let expiry = indicators.reasons.contains(.timetableExpired) ? about.timetableEnds : nil
      details.append(
        expiry.map(words.expired) ?? words.openingUnknown(indicators.reasons.first?.rawValue ?? ""))
    }
    if indicators.reasons.contains(.noFreshReading) {
      details.append(words.silent(since: indicators.freshness?.observedAt))
    }
    if indicators.reasons.contains(.readingsFailed) { details.append(words.readingsFailed) }
    if indicators.reasons.contains(.readingsDoubtful) { details.append(words.readingsDoubtful) }
    if let coolness = indicators.coolness {
      if let difference = coolness.difference { details.append(words.difference(difference)) }
      details.append(
        words.temperature(air: coolness.air, felt: coolness.felt, hasHumidity: coolness.feltMethod == .heatIndex))
    }
    guard indicators.opening.state != .closed else { return details }
    if let noise = indicators.noise { details.append(words.noise(noise.noiseClass.rawValue, noise.laeq)) }
    if let occupancy = indicators.occupancy { details.append(words.occupancy(occupancy.level.rawValue)) }
    return details
  }

  private var amenities: [Amenity] {
    var amenities: [Amenity] = []
    if about.water == true { amenities.append(.water) }
    if about.toilets == true { amenities.append(.toilets) }
    if about.stepFree == .yes { amenities.append(.stepFree) }
    if about.seats == true { amenities.append(.seats) }
    if about.indoor == true { amenities.append(.indoor) }
    return amenities
  }

  /// The last day for its drawing.
  var chartSamples: [ChartSample] {
    recent.samples.map {
      ChartSample(
        at: $0.at, air: $0.air, felt: $0.felt, reference: $0.reference, laeq: $0.laeq, l10: $0.l10, l90: $0.l90)
    }
  }

  /// The days of the week from today on, with their open spans; nil when the hours are not known.
  func week(_ words: Words, zone: CivilZone, now: Instant) -> [DayHours]? {
    guard !indicators.reasons.contains(.noTimetable), !indicators.reasons.contains(.hoursUnreadable),
      !indicators.reasons.contains(.hoursContradicted)
    else { return nil }
    let today = zone.civil(now).day
    return (0..<7).map { offset in
      let day = today.adding(days: Int64(offset))
      let start = zone.instant(day, secondOfDay: 0)
      let end = zone.instant(day.adding(days: 1), secondOfDay: 0)
      // A span belongs to the day on which it begins; one that began before is shown from midnight today, and on every
      // day if it lasts for days.
      let spans = openings.filter { span in
        guard span.until > start, span.from < end else { return false }
        return span.from >= start || offset == 0 || span.until - span.from >= .hours(24)
      }
      return DayHours(
        day: day,
        spans: spans.map { span in
          let isAllDay = span.from <= start && span.until >= end
          let times =
            isAllDay
            ? words.language("toute la journée", "all day")
            : "\(words.language.time(max(span.from, start), zone)) – \(words.language.time(span.until, zone))"
          return words.hours(times, isSure: span.state == .open, rule: span.rule.rawValue)
        })
    }
  }
}
