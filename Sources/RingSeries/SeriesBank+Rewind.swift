// When the clock is set back, and when a new configuration takes over what an old bank knew.

extension SeriesBank {
  /// Sets the clock back and forgets the readings that lie after it.
  ///
  /// The running buckets are made again from the next finer ring, and the finest from the raw readings, as far as those
  /// reach back; how much of its time a bucket covers tells what was lost.
  ///
  /// - Complexity: O(series), and for each that has readings after the time O(its rings).
  public mutating func rewind(to time: Int64) {
    setClock(time)
    for number in 0..<count { forget(after: clock, location(SeriesIndex(number))) }
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
    slab[at.hot, as: Hot.self].start = start
    slab[at.hot, as: Hot.self].row = UInt16(plan.finest.row(plan.finest.interval(start)))
    for (number, ring) in rings[plan.rings].enumerated() {
      if number > 0 {
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
      var seconds = [UInt32](repeating: 0, count: SoundClasses.count)
      if number == plan.classRings.lowerBound {
        let kept = Int(slab[at.hot, as: Hot.self].count)
        for index in rawCount(atOrBefore: ring.step.floor(time) - 1, at)..<kept {
          let reading: StoredSample = slab[rawPlace(index, at)]
          seconds[SoundClasses.index(milliDecibels: Int64(reading.value))] += reading.seconds
        }
      } else {
        let finer = rings[number - 1]
        let first = finer.interval(ring.step.floor(time))
        let newest = finer.interval(time)
        // Those that are held still, and the one that was just made.
        for interval in Array(finer.held(first..<newest, newest: finer.interval(before))) + [newest] {
          for column in 0..<SoundClasses.count {
            seconds[column] += UInt32(slab[finer.place(interval, at) + column * 2, as: UInt16.self])
          }
        }
      }
      for column in 0..<SoundClasses.count {
        slab[ring.place(interval, at) + column * 2] = SoundClasses.sum(0, seconds[column])
      }
    }
  }

  /// Takes over a series of another bank, if it has the same rings and measures the same.
  ///
  /// - Returns: whether it could be taken over; a counter's model may differ.
  @discardableResult
  public mutating func adopt(
    _ index: SeriesIndex, from other: borrowing SeriesBank, at otherIndex: SeriesIndex
  ) -> Bool {
    let (mine, theirs) = (kind(of: index), other.kind(of: otherIndex))
    guard mine.layout == theirs.layout, mine.measure.code == theirs.measure.code else { return false }
    let (at, from) = (location(index), other.location(otherIndex))
    slab[at.hot, as: Hot.self].take(other.slab[from.hot])
    for ring in 1..<RingLayout.maximumRings {
      slab[at.running(ring)] = other.slab[from.running(ring), as: StoredBucket.self]
    }
    for ring in 0..<RingLayout.maximumRings {
      slab[at.runningEnergy(ring)] = other.slab[from.runningEnergy(ring), as: StoredEnergy.self]
    }
    slab[at.counter] = other.slab[from.counter, as: Counter.self]
    slab[at.tally] = other.slab[from.tally, as: Tally.self]
    copy(plans[at.plan].rawRows, count: plans[at.plan].raw, at, from: other, other.plans[from.plan].rawRows, from)
    for (number, theirs) in zip(plans[at.plan].allRings, other.plans[from.plan].allRings) {
      let ring = rings[number]
      copy(ring.rows, count: Int(ring.count.value), at, from: other, other.rings[theirs].rows, from)
    }
    return true
  }

  private mutating func copy(
    _ rows: Rows, count: Int, _ at: Location, from other: borrowing SeriesBank, _ otherRows: Rows, _ from: Location
  ) {
    for row in 0..<count {
      slab.copy(
        from: other.slab, at: otherRows.place(row: row, from), to: rows.place(row: row, at), byteCount: rows.stride)
    }
  }
}
