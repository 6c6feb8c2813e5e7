// What a series has forgotten is told it again, from a record that was kept elsewhere.

extension SeriesBank {
  /// Puts back what a ring and the coarser ones hold nothing of, since the series began anew.
  ///
  /// The record says of each bucket all that there was, in the rings or not. Finer rings stay as they are, and so do the
  /// levels of sound, of which it knows nothing. Nothing happens if the record ends before the ring holds all.
  ///
  /// - Parameters:
  ///   - index: the series.
  ///   - number: the ring whose buckets are recorded, not the finest.
  ///   - start: where the record begins, Unix milliseconds, a whole multiple of the ring's step.
  ///   - record: one bucket behind the other, empty ones included, up to the one that the clock stands in.
  public mutating func fill(_ index: SeriesIndex, ring number: Int, from start: Int64, with record: [Bucket]) {
    let at = location(index)
    let rings = plans[at.plan].rings
    let step = self.rings[rings.lowerBound + number].step
    precondition(number > 0 && start >= 0 && start % step.value == 0, "a record begins with one of its buckets")
    let end = min(start + Int64(record.count) * step.value, step.floor(clock))
    guard start < end, slab[at.heldFrom(number)] <= end else { return }
    // So that all of the record lies before the running bucket.
    if slab[at.hot, as: Hot.self].start < end { startRunning(with: end, at) }
    let newest = slab[at.hot, as: Hot.self].start
    for place in number..<rings.count {
      let ring = self.rings[rings.lowerBound + place]
      let width = ring.step.value
      let running = ring.interval(newest)
      let first = max(running - ring.count.value + 1, ring.interval(start + width - 1))
      for interval in first..<max(first, ring.interval(slab[at.heldFrom(place)])) {
        var total = (StoredBucket(), StoredEnergy())
        if (interval + 1) * width <= end {
          let buckets =
            Int(interval * width - start) / Int(step.value)..<Int((interval + 1) * width - start) / Int(step.value)
          total = record[buckets].reduce(into: Bucket()) { $0.combine($1) }.stored
        } else {
          // The record ends within it: what the next finer ring has closed of it.
          let finer = self.rings[rings.lowerBound + place - 1]
          guard slab[at.heldFrom(place - 1)] <= interval * width else { return }
          for part in finer.interval(
            interval * width)..<min(finer.interval((interval + 1) * width), finer.interval(newest))
          {
            total.0.add(slab[finer.place(part, at)])
            if plans[at.plan].isSound { total.1.add(slab[finer.place(part, at) + StoredBucket.byteCount]) }
          }
        }
        if interval == running {
          (slab[at.running(place)], slab[at.runningEnergy(place)]) = total
        } else {
          slab[ring.place(interval, at)] = total.0
          if plans[at.plan].isSound { slab[ring.place(interval, at) + StoredBucket.byteCount] = total.1 }
        }
      }
      slab[at.heldFrom(place)] = min(slab[at.heldFrom(place)], first * width)
    }
  }
}
