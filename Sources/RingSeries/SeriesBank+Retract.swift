// Taking a reading back: the ones after it may show that it was a fault.

extension SeriesBank {
  /// Takes a reading back, as if it had never come.
  ///
  /// Smallest and largest values cannot be subtracted, so each bucket that held the reading is made again: the finest from
  /// the raw readings, the others from the next finer ring. Where those no longer hold all of it nothing is changed.
  ///
  /// - Parameters:
  ///   - time: the reading's time, Unix milliseconds.
  ///   - index: its series; only those of plain values can take something back.
  /// - Returns: whether it was taken back.
  /// - Complexity: O(n) among n raw readings.
  public mutating func retract(at time: Int64, from index: SeriesIndex) -> Bool {
    let at = location(index)
    guard kinds[at.plan].measure == .value else { return false }
    let number = rawCount(atOrBefore: time, at) - 1
    guard number >= 0, slab[rawPlace(number, at), as: StoredSample.self].time == time else { return false }
    let holders = holders(of: time, at)
    // Verified before anything is written.
    for holder in holders ?? [] where remade(holder, at)?.count != slab[holder.offset, as: StoredBucket.self].count {
      return false
    }
    guard let holders else { return false }
    removeRaw(number, at)
    for holder in holders { slab[holder.offset] = remade(holder, at) ?? StoredBucket() }
    return true
  }

  /// A bucket that holds a reading: its ring, the finest being number 0, its interval and its place in the slab.
  private struct Holder {
    let ring: Int
    let interval: Int64
    let offset: Int
    let isRunning: Bool
  }

  /// The buckets that hold a reading, finest first; nil if a ring no longer reaches back to it.
  private func holders(of time: Int64, _ at: Location) -> [Holder]? {
    let plan = plans[at.plan]
    let start = slab[at.hot, as: Hot.self].start
    var holders: [Holder] = []
    for number in 0..<plan.rings.count {
      let ring = rings[plan.rings.lowerBound + number]
      let (interval, running) = (ring.interval(time), ring.interval(start))
      guard interval > running - ring.count.value else { return nil }
      let isRunning = interval == running
      let runningOffset = number == 0 ? at.hot + Hot.bucketOffset : at.running(number)
      holders.append(
        Holder(
          ring: number, interval: interval, offset: isRunning ? runningOffset : ring.place(interval, at),
          isRunning: isRunning))
      if isRunning { break }  // coarser ones get it when this one closes
    }
    return holders
  }

  /// What a bucket holds by the raw readings or by the next finer ring; nil where those do not reach back far enough.
  private func remade(_ holder: Holder, _ at: Location) -> StoredBucket? {
    let plan = plans[at.plan]
    let ring = rings[plan.rings.lowerBound + holder.ring]
    let (from, to) = (holder.interval * ring.step.value, (holder.interval + 1) * ring.step.value)
    var bucket = StoredBucket()
    guard holder.ring > 0 else {
      for number in rawCount(atOrBefore: from - 1, at)..<rawCount(atOrBefore: to - 1, at) {
        bucket.add(slab[rawPlace(number, at), as: StoredSample.self].bucket)
      }
      return bucket
    }
    let finer = rings[plan.rings.lowerBound + holder.ring - 1]
    let running = finer.interval(slab[at.hot, as: Hot.self].start)
    let parts = finer.interval(from)..<(holder.isRunning ? running : finer.interval(to))
    guard parts.isEmpty || parts.lowerBound > running - finer.count.value else { return nil }
    for part in parts { bucket.add(slab[finer.place(part, at)]) }
    return bucket
  }

  private mutating func removeRaw(_ number: Int, _ at: Location) {
    let count = Int(slab[at.hot, as: Hot.self].count)
    for moving in number..<count - 1 {
      let later = slab[rawPlace(moving + 1, at), as: StoredSample.self]
      slab[rawPlace(moving, at)] = later
    }
    slab[at.hot, as: Hot.self].count = UInt16(count - 1)
    if number == count - 1 {
      slab[at.hot, as: Hot.self].newest =
        count == 1 ? .min : slab[rawPlace(count - 2, at), as: StoredSample.self].time
    }
  }
}
