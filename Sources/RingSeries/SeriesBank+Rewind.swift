// When the clock is set back, and when a new configuration takes over what an old bank knew.

extension SeriesBank {
  /// Sets the clock back and forgets the readings that lie after it.
  ///
  /// The running buckets are made again from the next finer ring, and the finest from the raw readings, as far as those
  /// reach back; how much of its time a bucket covers tells what was lost.
  ///
  /// - Returns: how many raw readings were forgotten.
  /// - Complexity: O(series), and for each that has readings after the time O(its rings).
  @discardableResult
  public mutating func rewind(to time: Int64) -> Int {
    setClock(time)
    var forgotten = 0
    for number in 0..<count {
      let at = location(SeriesIndex(number))
      let before = slab[at.hot, as: Hot.self].count
      forget(after: clock, at)
      forgotten += Int(before) - Int(slab[at.hot, as: Hot.self].count)
    }
    return forgotten
  }

  private mutating func forget(after time: Int64, _ at: Location) {
    slab[at.counter, as: Counter.self].forget(after: time)
    let kept = rawCount(atOrBefore: time, at)
    let hadReadings = Int(slab[at.hot, as: Hot.self].count)
    slab[at.hot, as: Hot.self].count = UInt16(kept)
    slab[at.hot, as: Hot.self].newest = kept == 0 ? .min : slab[rawPlace(kept - 1, at), as: StoredSample.self].time
    let plan = plans[at.plan]
    let before = slab[at.hot, as: Hot.self].start
    let start = plan.finest.step.floor(time)
    // The rings show an earlier time again, but what they had already forgotten they do not hold; what comes they will.
    for (place, number) in plan.allRings.enumerated() {
      let ring = rings[number]
      let oldest = before == Hot.never ? 0 : max(0, ring.interval(before) - ring.count.value + 1) * ring.step.value
      slab[at.heldFrom(place)] = min(max(slab[at.heldFrom(place)], oldest), ring.step.floor(time) + ring.step.value)
    }
    guard before > start || before == start && (kept == 0 || kept < hadReadings) else { return }
    let readings = (rawCount(atOrBefore: start - 1, at)..<kept).map { slab[rawPlace($0, at), as: StoredSample.self] }
    rebuildClasses(before: before, time: time, at)

    var running = StoredBucket()
    var energy = StoredEnergy()
    for reading in readings {
      running.add(reading.bucket)
      if plan.isSound { energy.add(reading.energy) }
    }
    slab[at.hot, as: Hot.self].bucket = running
    slab[at.runningEnergy(0)] = energy
    begin(at: start, at)
    for (number, ring) in rings[plan.rings].enumerated().dropFirst() {
      let finer = rings[plan.rings.lowerBound + number - 1]
      let first = finer.interval(ring.step.floor(time))
      var running = StoredBucket()
      var energy = StoredEnergy()
      for interval in finer.held(first..<finer.interval(time), newest: finer.interval(before)) {
        let place = finer.place(interval, at)
        running.add(slab[place])
        if plan.isSound { energy.add(slab[place + StoredBucket.byteCount]) }
      }
      slab[at.running(number)] = running
      slab[at.runningEnergy(number)] = energy
    }
    // Last: a coarser running bucket was made from rows that may now be somebody else's.
    for ring in rings[plan.rings] {
      clear(ring, from: ring.interval(time) + 1, through: ring.interval(before), at)
    }
  }

  /// The classes of the interval that holds the time: from the raw readings, or from the next finer class ring.
  private mutating func rebuildClasses(before: Int64, time: Int64, _ at: Location) {
    let plan = plans[at.plan]
    for number in plan.classRings {
      let ring = rings[number]
      let interval = ring.interval(time)
      // First: the row of a later interval may be the one that is written now.
      clear(ring, from: interval + 1, through: ring.interval(before), at)
      var seconds = [UInt16](repeating: 0, count: SoundClasses.count)
      if number == plan.classRings.lowerBound {
        let kept = Int(slab[at.hot, as: Hot.self].count)
        for index in rawCount(atOrBefore: ring.step.floor(time) - 1, at)..<kept {
          let reading: StoredSample = slab[rawPlace(index, at)]
          let column = SoundClasses.index(milliDecibels: Int64(reading.value))
          seconds[column] = SoundClasses.sum(seconds[column], reading.seconds)
        }
      } else {
        let finer = rings[number - 1]
        let first = finer.interval(ring.step.floor(time))
        let newest = finer.interval(time)
        // Those that are held still, and the one that was just made.
        for interval in Array(finer.held(first..<newest, newest: finer.interval(before))) + [newest] {
          for column in 0..<SoundClasses.count {
            let more: UInt16 = slab[finer.place(interval, at) + column * 2]
            seconds[column] = SoundClasses.sum(seconds[column], UInt32(more))
          }
        }
      }
      for column in 0..<SoundClasses.count {
        slab[ring.place(interval, at) + column * 2] = seconds[column]
      }
    }
  }

  /// Takes over a series of another bank that measures the same with buckets of the same lengths.
  ///
  /// Rings may be longer or shorter: what fits is kept, the newest first. A counter's model may differ. Readings beyond
  /// this bank's clock and its tolerance are forgotten.
  ///
  /// - Returns: whether it could be taken over; if not, nothing has changed.
  @discardableResult
  public mutating func adopt(
    _ index: SeriesIndex, from other: borrowing SeriesBank, at otherIndex: SeriesIndex
  ) -> Bool {
    let (mine, theirs) = (kind(of: index), other.kind(of: otherIndex))
    guard mine.measure.code == theirs.measure.code,
      mine.strides.map(\.ring.seconds) == theirs.strides.map(\.ring.seconds)
    else { return false }
    let (at, from) = (location(index), other.location(otherIndex))
    reset(at)
    slab[at.counter] = other.slab[from.counter, as: Counter.self]
    slab[at.tally] = other.slab[from.tally, as: Tally.self]
    let count = Int(other.slab[from.hot, as: Hot.self].count)
    for number in max(0, count - plans[at.plan].raw)..<count {
      let sample: StoredSample = other.slab[other.rawPlace(number, from)]
      let row = slab[at.hot, as: Hot.self].push(time: sample.time, raw: plans[at.plan].raw)
      slab[plans[at.plan].rawRows.place(row: row, at)] = sample
    }
    for (place, (number, theirs)) in zip(plans[at.plan].allRings, other.plans[from.plan].allRings).enumerated() {
      let isLonger = rings[number].count.value > other.rings[theirs].count.value
      let held: Int64 = other.slab[from.heldFrom(place)]
      slab[at.heldFrom(place)] = isLonger ? max(held, other.starts[theirs]) : held
    }
    adoptBuckets(at, from: other, from)
    if other.clock > clock { forget(after: head, at) }
    return true
  }

  private mutating func adoptBuckets(_ at: Location, from other: borrowing SeriesBank, _ from: Location) {
    let start = other.slab[from.hot, as: Hot.self].start
    guard start != Hot.never else { return }
    begin(at: start, at)
    slab[at.hot, as: Hot.self].bucket = other.slab[from.hot, as: Hot.self].bucket
    for ring in 0..<RingLayout.maximumRings {
      if ring > 0 { slab[at.running(ring)] = other.slab[from.running(ring), as: StoredBucket.self] }
      slab[at.runningEnergy(ring)] = other.slab[from.runningEnergy(ring), as: StoredEnergy.self]
    }
    for (number, theirs) in zip(plans[at.plan].allRings, other.plans[from.plan].allRings) {
      let (ring, otherRing) = (rings[number], other.rings[theirs])
      let newest = ring.interval(start)
      // Of buckets the running one lies elsewhere, of classes it lies in the ring.
      let last = plans[at.plan].classRings.contains(number) ? newest : newest - 1
      for interval in max(0, newest - min(ring.count.value, otherRing.count.value) + 1)..<last + 1 {
        slab.copy(
          from: other.slab, at: otherRing.place(interval, from), to: ring.place(interval, at),
          byteCount: ring.rows.stride)
      }
    }
  }

  /// A series begins now: of what lies before its rings can say nothing, also where they show it.
  ///
  /// Of the interval that a moment lies in a ring holds only a part.
  public mutating func begins(_ index: SeriesIndex, at time: Int64) {
    let at = location(index)
    for (place, number) in plans[at.plan].allRings.enumerated() {
      let step = rings[number].step
      slab[at.heldFrom(place)] = step.floor(max(0, time)) + step.value
    }
  }

  /// Makes a series what it was at birth.
  mutating func reset(_ at: Location) {
    slab[at.hot, as: Hot.self].reset()
    slab[at.counter] = Counter()
    slab[at.tally] = Tally()
    for place in 0..<Location.heldCount { slab[at.heldFrom(place)] = Int64(0) }
    for ring in 0..<RingLayout.maximumRings {
      if ring > 0 { slab[at.running(ring)] = StoredBucket() }
      slab[at.runningEnergy(ring)] = StoredEnergy()
    }
    for ring in rings[plans[at.plan].allRings] {
      for row in 0..<Int(ring.count.value) { slab.clear(ring.rows.place(row: row, at), byteCount: ring.rows.stride) }
    }
  }

  /// Says where the finest running bucket begins.
  mutating func begin(at start: Int64, _ at: Location) {
    let ring = plans[at.plan].finest
    slab[at.hot, as: Hot.self].start = start
    slab[at.hot, as: Hot.self].row = UInt16(ring.row(ring.interval(start)))
  }
}
