// A reading in: decided first, then written; nothing is allocated.

/// The rings that a reading came too late for.
public struct MissedRings: OptionSet, Hashable, Sendable {
  /// One bit a ring.
  public let rawValue: UInt8

  /// A set of rings.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The raw ring: it holds only newer readings.
  public static let raw = MissedRings(rawValue: 1)

  /// A ring of buckets, the finest being number 0.
  public static func buckets(_ ring: Int) -> MissedRings { MissedRings(rawValue: 2 << UInt8(ring)) }
}

/// What became of a reading.
public enum Appended: Hashable, Sendable {
  /// It counts, save in the rings that no longer reach back to it.
  case accepted(missed: MissedRings)
  /// The same value stood there already.
  case repeated
  /// Another value stands there; the first one holds.
  case conflicting
  /// It lies before everything that is kept.
  case tooOld
  /// It lies more than the tolerance ahead of the clock.
  case ahead
  /// Its value needs more than 32 bits, or its seconds are negative or more than a day.
  case outOfRange
  /// A total older than the counter's newest: it changes nothing.
  case superseded
}

extension SeriesBank {
  /// Takes a reading, in any order of time; the first one of a time wins.
  ///
  /// What has left the raw ring cannot be recognised when it comes again.
  ///
  /// - Parameters:
  ///   - sample: the reading.
  ///   - index: its series; a counter takes totals, see ``count(total:at:seconds:in:)``.
  /// - Returns: what became of it.
  /// - Complexity: O(1) in order; late O(n) among n raw readings; no allocation.
  public mutating func append(_ sample: Sample, to index: SeriesIndex) -> Appended {
    guard let value = Int32(exactly: sample.value), 0...86_400 ~= sample.seconds else {
      return refuse(.outOfRange, index)
    }
    guard sample.time <= head else { return refuse(.ahead, index) }
    guard sample.time >= 0 else { return refuse(.tooOld, index) }
    let at = location(index)
    let stored = StoredSample(time: sample.time, value: value, seconds: UInt32(truncatingIfNeeded: sample.seconds))
    let since = stored.time &- slab[at.hot, as: Hot.self].start
    let step = plans[at.plan].finest.step.value
    guard stored.time > slab[at.hot, as: Hot.self].newest, since >= 0, since < 2 &* step,
      stored.time >= starts[plans[at.plan].rings.lowerBound]
    else { return appendElsewhere(stored, index) }
    if since < step {
      let row = slab[at.hot, as: Hot.self].extend(with: stored, raw: plans[at.plan].raw)
      slab[plans[at.plan].rawRows.place(row: row, at)] = stored
    } else {
      appendToNext(stored, at)
    }
    if plans[at.plan].isSound { addSound(stored, at) }
    return .accepted(missed: [])
  }

  /// A reading that closes the running bucket and begins the one behind it.
  @inline(never)
  private mutating func appendToNext(_ stored: StoredSample, _ at: Location) {
    let before = slab[at.hot, as: Hot.self].start
    let start = before &+ plans[at.plan].finest.step.value
    let turned = slab[at.hot, as: Hot.self].turn(
      with: stored, raw: plans[at.plan].raw, to: start, count: plans[at.plan].finest.count.value)
    slab[plans[at.plan].rawRows.place(row: turned.row, at)] = stored
    let place = plans[at.plan].finest.rows.place(row: turned.closedRow, at)
    slab[place] = turned.closed
    let energy = plans[at.plan].isSound ? takeEnergy(0, at) : StoredEnergy()
    if plans[at.plan].isSound { slab[place &+ StoredBucket.byteCount] = energy }
    if start &- plans[at.plan].coarser.floor(start) > 0 {
      slab[at.running(1), as: StoredBucket.self].add(turned.closed)
      if plans[at.plan].isSound { slab[at.runningEnergy(1), as: StoredEnergy.self].add(energy) }
    } else {
      carry(turned.closed, energy, to: 1, from: before, to: start, at)
      clearClasses(from: before, to: start, at)
    }
  }

  private mutating func takeEnergy(_ ring: Int, _ at: Location) -> StoredEnergy {
    let energy: StoredEnergy = slab[at.runningEnergy(ring)]
    slab[at.runningEnergy(ring)] = StoredEnergy()
    return energy
  }

  /// A reading that is late, or begins a bucket further on.
  @inline(never)
  private mutating func appendElsewhere(_ stored: StoredSample, _ index: SeriesIndex) -> Appended {
    let at = location(index)
    guard var missed = missedBuckets(stored.time, at) else { return refuse(.tooOld, index) }
    if stored.time > slab[at.hot, as: Hot.self].newest {
      let row = slab[at.hot, as: Hot.self].push(time: stored.time, raw: plans[at.plan].raw)
      slab[plans[at.plan].rawRows.place(row: row, at)] = stored
    } else {
      let place = latePlace(stored.time, at)
      if let known = place.known { return refuse(known == stored.value ? .repeated : .conflicting, index) }
      if !insertRaw(stored, before: place.index, at) { missed.insert(.raw) }
    }
    let since = stored.time - slab[at.hot, as: Hot.self].start
    if since < 0 {
      addLate(stored, at)
      if plans[at.plan].isSound { addClass(stored, at) }
    } else {
      if since >= plans[at.plan].finest.step.value { startRunning(with: stored.time, at) }
      slab[at.hot, as: Hot.self].bucket.add(stored.bucket)
      if plans[at.plan].isSound { addSound(stored, at) }
    }
    if !missed.isEmpty { slab[at.tally, as: Tally.self].note(missed) }
    return .accepted(missed: missed)
  }

  /// The rings of buckets that no longer reach back to a time; nil if none does.
  private func missedBuckets(_ time: Int64, _ at: Location) -> MissedRings? {
    var missed: MissedRings = []
    let rings = plans[at.plan].rings
    for (number, ring) in rings.enumerated() where time < starts[ring] { missed.insert(.buckets(number)) }
    return time < starts[rings.upperBound - 1] ? nil : missed
  }

  mutating func refuse(_ reason: Appended, _ index: SeriesIndex) -> Appended {
    slab[location(index).tally, as: Tally.self].note(reason)
    return reason
  }

  // MARK: The raw ring

  /// Where a reading of the raw ring lies, 0 being the oldest.
  func rawPlace(_ index: Int, _ at: Location) -> Int {
    let row = Int(slab[at.hot, as: Hot.self].first) + index
    let raw = plans[at.plan].raw
    return plans[at.plan].rawRows.place(row: row < raw ? row : row - raw, at)
  }

  /// How many readings of the raw ring lie at or before a time.
  func rawCount(atOrBefore time: Int64, _ at: Location) -> Int {
    let count = Int(slab[at.hot, as: Hot.self].count)
    guard count > 0, time < slab[at.hot, as: Hot.self].newest else { return count }
    var low = 0
    var high = count - 1
    while low < high {
      let middle = (low + high) / 2
      if slab[rawPlace(middle, at), as: StoredSample.self].time <= time { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Before which reading a late one belongs, and the value that stands at its time already.
  private func latePlace(_ time: Int64, _ at: Location) -> (index: Int, known: Int32?) {
    let index = rawCount(atOrBefore: time, at)
    guard index > 0 else { return (0, nil) }
    let before = slab[rawPlace(index - 1, at), as: StoredSample.self]
    return (index, before.time == time ? before.value : nil)
  }

  /// Inserts among newer readings; of a full ring the oldest makes room, unless the reading is older still.
  private mutating func insertRaw(_ sample: StoredSample, before index: Int, _ at: Location) -> Bool {
    let raw = plans[at.plan].raw
    var index = index
    var count = Int(slab[at.hot, as: Hot.self].count)
    if count == raw {
      guard index > 0 else { return false }
      let first = Int(slab[at.hot, as: Hot.self].first)
      slab[at.hot, as: Hot.self].first = first + 1 == raw ? 0 : UInt16(first + 1)
      count -= 1
      index -= 1
    }
    for moving in stride(from: count, to: index, by: -1) {
      let earlier = slab[rawPlace(moving - 1, at), as: StoredSample.self]
      slab[rawPlace(moving, at)] = earlier
    }
    slab[rawPlace(index, at)] = sample
    slab[at.hot, as: Hot.self].count = UInt16(count + 1)
    return true
  }

  // MARK: Buckets

  /// Closes the running bucket and begins the one of a later time, or the first one.
  private mutating func startRunning(with time: Int64, _ at: Location) {
    let ring = plans[at.plan].finest
    let before = slab[at.hot, as: Hot.self].start
    let (closed, energy) = (slab[at.hot, as: Hot.self].bucket, takeEnergy(0, at))
    let start = ring.step.floor(time)
    begin(at: start, at)
    slab[at.hot, as: Hot.self].bucket = StoredBucket()
    guard before != Hot.never else { return }
    file(closed, energy, in: ring, from: before, to: start, at)
    carry(closed, energy, to: 1, from: before, to: start, at)
    clearClasses(from: before, to: start, at)
  }

  /// Adds a closed bucket to the next coarser running one, and closes that too if its time is over.
  private mutating func carry(
    _ bucket: StoredBucket, _ energy: StoredEnergy, to number: Int, from before: Int64, to start: Int64, _ at: Location
  ) {
    let rings = plans[at.plan].rings
    guard number < rings.count else { return }
    slab[at.running(number), as: StoredBucket.self].add(bucket)
    slab[at.runningEnergy(number), as: StoredEnergy.self].add(energy)
    let ring = self.rings[rings.lowerBound + number]
    guard ring.interval(before) != ring.interval(start) else { return }
    let closed: StoredBucket = slab[at.running(number)]
    let closedEnergy = takeEnergy(number, at)
    slab[at.running(number)] = StoredBucket()
    file(closed, closedEnergy, in: ring, from: before, to: start, at)
    carry(closed, closedEnergy, to: number + 1, from: before, to: start, at)
  }

  /// Puts a closed bucket into its ring and empties the places that are skipped.
  ///
  /// The place of the new running bucket is left as it is: nobody looks there before it closes.
  private mutating func file(
    _ bucket: StoredBucket, _ energy: StoredEnergy, in ring: RingPlan, from before: Int64, to start: Int64,
    _ at: Location
  ) {
    let (old, new) = (ring.interval(before), ring.interval(start))
    let place = ring.place(old, at)
    slab[place] = bucket
    if plans[at.plan].isSound { slab[place + StoredBucket.byteCount] = energy }
    clear(ring, from: old + 1, through: new - 1, at)
  }

  private mutating func clearClasses(from before: Int64, to start: Int64, _ at: Location) {
    for number in plans[at.plan].classRings {
      clear(rings[number], from: rings[number].interval(before) + 1, through: rings[number].interval(start), at)
    }
  }

  /// Empties the places of some intervals, as far as the ring has that many.
  mutating func clear(_ ring: RingPlan, from first: Int64, through last: Int64, _ at: Location) {
    for interval in max(first, last - ring.count.value + 1)..<max(first, last + 1) {
      slab.clear(ring.place(interval, at), byteCount: ring.rows.stride)
    }
  }

  /// Adds a reading of an earlier interval than the running one.
  private mutating func addLate(_ sample: StoredSample, _ at: Location) {
    let plan = plans[at.plan]
    let start = slab[at.hot, as: Hot.self].start
    for number in 0..<plan.rings.count {
      let ring = rings[plan.rings.lowerBound + number]
      let (interval, running) = (ring.interval(sample.time), ring.interval(start))
      if number > 0 && interval == running {
        // The coarser ones get it when this one closes.
        slab[at.running(number), as: StoredBucket.self].add(sample.bucket)
        if plan.isSound { slab[at.runningEnergy(number), as: StoredEnergy.self].add(sample.energy) }
        return
      }
      guard interval > running - ring.count.value else { continue }
      let place = ring.place(interval, at)
      slab[place, as: StoredBucket.self].add(sample.bucket)
      if plan.isSound { slab[place + StoredBucket.byteCount, as: StoredEnergy.self].add(sample.energy) }
    }
  }

  // MARK: Sound

  /// Adds the energy and the class of a reading that belongs to the running bucket.
  @inline(never)
  private mutating func addSound(_ sample: StoredSample, _ at: Location) {
    slab[at.runningEnergy(0), as: StoredEnergy.self].add(sample.energy)
    addClass(sample, at)
  }

  private mutating func addClass(_ sample: StoredSample, _ at: Location) {
    let start = slab[at.hot, as: Hot.self].start
    let column = SoundClasses.index(milliDecibels: Int64(sample.value)) * 2
    for number in plans[at.plan].classRings {
      let ring = rings[number]
      let interval = ring.interval(sample.time)
      guard interval > ring.interval(start) - ring.count.value else { continue }
      let offset = ring.place(interval, at) + column
      slab[offset] = SoundClasses.sum(slab[offset], sample.seconds)
    }
  }
}
