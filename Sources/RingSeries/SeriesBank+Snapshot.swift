// A series as bytes and back; Format.md draws them.

/// Why bytes are not taken for a series.
public enum SnapshotError: Error, Hashable, Sendable, CustomStringConvertible {
  /// They do not begin as a snapshot does.
  case notASnapshot
  /// They were written by a version that is not known here.
  case version(Int)
  /// There are fewer or more of them than they say.
  case length(said: Int, found: Int)
  /// They were changed since they were written.
  case checksum
  /// They are of another kind of series: another measure or other rings.
  case otherKind
  /// They hold readings beyond the bank's clock.
  case ahead
  /// What they say cannot be, though the checksum holds; the offset is where it shows.
  case impossible(offset: Int)

  /// A sentence for the person who must act.
  public var description: String {
    switch self {
    case .notASnapshot: "this is not a snapshot of a series"
    case .version(let version): "the snapshot has version \(version); this program knows version \(Snapshot.version)"
    case .length(let said, let found): "the snapshot should have \(said) bytes and has \(found): it was cut or grew"
    case .checksum: "the snapshot is damaged: its checksum does not hold"
    case .otherKind: "the snapshot is of a series of another kind or with other rings"
    case .ahead: "the snapshot holds readings beyond the clock"
    case .impossible(let offset): "the snapshot contradicts itself at byte \(offset)"
    }
  }
}

/// What all snapshots share.
enum Snapshot {
  static let magic: [UInt8] = Array("RING".utf8)
  static let version = 1
  static let headerByteCount = 96
  static let ringByteCount = 20
  static let none: Int64 = -1
}

extension SeriesBank {
  /// A series as bytes.
  ///
  /// - Complexity: O(what it holds).
  public func snapshot(of index: SeriesIndex) -> [UInt8] {
    let at = location(index)
    let plan = plans[at.plan]
    let hot: Hot = slab[at.hot]
    var bytes = ByteWriter()
    bytes.append(Snapshot.magic)
    bytes.append(UInt16(Snapshot.version))
    bytes.append(kind(of: index).measure.code)
    bytes.append(UInt8(plan.rings.count))
    bytes.append(UInt8(plan.classRings.count))
    bytes.append([0, 0, 0])
    let lengthPlace = bytes.count
    bytes.append(UInt32(0))
    bytes.append(UInt32(plan.raw))
    bytes.append(UInt32(hot.count))
    bytes.append(hot.start == Hot.never ? Snapshot.none : hot.start)
    let counter: Counter = slab[at.counter]
    bytes.append(counter.lastTotal)
    bytes.append(counter.lastTime)
    for number in slab[at.tally, as: Tally.self].numbers { bytes.append(number) }
    let entries = plan.allRings.map { number in
      (number, hot.start == Hot.never ? [] : heldIntervals(number, hot.start, at))
    }
    for (number, intervals) in entries {
      bytes.append(UInt32(rings[number].step.value / 1000))
      bytes.append(UInt32(rings[number].count.value))
      bytes.append(UInt32(intervals.count))
      bytes.append(slab[at.heldFrom(number - plan.rings.lowerBound), as: Int64.self])
    }
    for number in 0..<Int(hot.count) {
      let sample: StoredSample = slab[rawPlace(number, at)]
      bytes.append(sample.time)
      bytes.append(UInt32(bitPattern: sample.value))
      bytes.append(sample.seconds)
    }
    for (number, intervals) in entries {
      for interval in intervals {
        let age = rings[number].interval(hot.start) - interval
        bytes.append(UInt32(age))
        if plan.classRings.contains(number) {
          for column in 0..<SoundClasses.count {
            bytes.append(slab[rings[number].place(interval, at) + column * 2, as: UInt16.self])
          }
        } else {
          let places = bucketPlaces(number, age: age, interval, at)
          let bucket: StoredBucket = slab[places.bucket]
          bytes.append(bucket.sum)
          bytes.append(bucket.weightedSum)
          bytes.append(bucket.count)
          bytes.append(bucket.seconds)
          bytes.append(UInt32(bitPattern: bucket.minimum))
          bytes.append(UInt32(bitPattern: bucket.maximum))
          if plan.isSound { bytes.append(slab[places.energy, as: StoredEnergy.self].sum) }
        }
      }
    }
    bytes.replace(UInt32(bytes.count + 4), at: lengthPlace)
    bytes.append(CRC32.checksum(bytes.bytes.span, count: bytes.count))
    return bytes.bytes
  }

  /// The intervals of a ring that are not empty, oldest first, the running one last.
  private func heldIntervals(_ number: Int, _ start: Int64, _ at: Location) -> [Int64] {
    let ring = rings[number]
    let running = ring.interval(start)
    return (max(0, running - ring.count.value + 1)...running).filter { interval in
      if plans[at.plan].classRings.contains(number) {
        let place = ring.place(interval, at)
        return (0..<SoundClasses.count).contains { slab[place + $0 * 2, as: UInt16.self] > 0 }
      }
      return slab[bucketPlaces(number, age: running - interval, interval, at).bucket, as: StoredBucket.self].count > 0
    }
  }

  /// Where a bucket lies, and its energy if it is of sound: the running one in the columns, others in their row.
  private func bucketPlaces(_ number: Int, age: Int64, _ interval: Int64, _ at: Location) -> (bucket: Int, energy: Int)
  {
    let ring = number - plans[at.plan].rings.lowerBound
    if age == 0 { return (ring == 0 ? at.hot + Hot.bucketOffset : at.running(ring), at.runningEnergy(ring)) }
    let place = rings[number].place(interval, at)
    return (place, place + StoredBucket.byteCount)
  }

  /// Puts a series back as it was.
  ///
  /// - Parameters:
  ///   - bytes: what ``snapshot(of:)`` gave.
  ///   - index: a series of the same kind; what it holds is lost, but only if the bytes are taken.
  /// - Throws: ``SnapshotError``; then nothing has changed.
  public mutating func restore(_ bytes: Span<UInt8>, to index: SeriesIndex) throws(SnapshotError) {
    let at = location(index)
    let plan = plans[at.plan]
    let image = try SeriesImage(bytes, kind: kind(of: index), head: head)
    reset(at)
    slab[at.counter] = image.counter
    slab[at.tally] = image.tally
    for (place, held) in image.heldFrom.enumerated() { slab[at.heldFrom(place)] = held }
    for sample in image.samples {
      let row = slab[at.hot, as: Hot.self].push(time: sample.time, raw: plan.raw)
      slab[plan.rawRows.place(row: row, at)] = sample
    }
    guard let start = image.start else { return }
    begin(at: start, at)
    for (number, entries) in zip(plan.rings, image.buckets) {
      for entry in entries {
        let places = bucketPlaces(number, age: entry.age, rings[number].interval(start) - entry.age, at)
        slab[places.bucket] = entry.bucket
        if plan.isSound { slab[places.energy] = entry.energy }
      }
    }
    for (number, entries) in zip(plan.classRings, image.classes) {
      for entry in entries {
        let place = rings[number].place(rings[number].interval(start) - entry.age, at)
        for (column, seconds) in entry.seconds.enumerated() { slab[place + column * 2] = seconds }
      }
    }
  }
}

/// A snapshot's content, checked: nothing in it can make a bank contradict itself.
private struct SeriesImage {
  var start: Int64?
  var counter: Counter
  var tally: Tally
  var heldFrom: [Int64] = []
  var samples: [StoredSample] = []
  var buckets: [[(age: Int64, bucket: StoredBucket, energy: StoredEnergy)]] = []
  var classes: [[(age: Int64, seconds: [UInt16])]] = []

  init(_ bytes: Span<UInt8>, kind: SeriesKind, head: Int64) throws(SnapshotError) {
    var reader = ByteReader(end: bytes.count)
    for (place, byte) in Snapshot.magic.enumerated() where place >= bytes.count || bytes[place] != byte {
      throw .notASnapshot
    }
    reader.skip(Snapshot.magic.count)
    guard bytes.count >= Snapshot.headerByteCount + 4 else {
      throw .length(said: Snapshot.headerByteCount + 4, found: bytes.count)
    }
    let version: UInt16 = reader.next(bytes)
    guard version == Snapshot.version else { throw .version(Int(version)) }
    let measure: UInt8 = reader.next(bytes)
    let (ringCount, classCount): (UInt8, UInt8) = (reader.next(bytes), reader.next(bytes))
    let reserved: [UInt8] = (0..<3).map { _ in reader.next(bytes) }
    let length: UInt32 = reader.next(bytes)
    guard Int(length) == bytes.count else { throw .length(said: Int(length), found: bytes.count) }
    let sum = CRC32.checksum(bytes, count: bytes.count - 4)
    var end = ByteReader(end: bytes.count, offset: bytes.count - 4)
    guard end.next(bytes) as UInt32 == sum else { throw .checksum }
    reader.end = bytes.count - 4
    guard reserved == [0, 0, 0] else { throw .impossible(offset: 9) }

    let strides = kind.strides
    guard measure == kind.measure.code, Int(ringCount) == kind.layout.rings.count,
      Int(ringCount) + Int(classCount) == strides.count, reader.next(bytes) as UInt32 == kind.layout.raw
    else { throw .otherKind }
    let sampleCount: UInt32 = reader.next(bytes)
    guard sampleCount <= kind.layout.raw else { throw .impossible(offset: reader.offset) }
    let step = Int64(kind.layout.rings[0].seconds) * 1000
    let start: Int64 = reader.next(bytes)
    if start != Snapshot.none {
      guard start >= 0, start % step == 0 else { throw .impossible(offset: reader.offset) }
      guard start <= head else { throw .ahead }
      self.start = start
    }
    counter = Counter(lastTotal: reader.next(bytes), lastTime: reader.next(bytes))
    guard counter.isPossible else { throw .impossible(offset: reader.offset) }
    guard counter.lastTime <= head else { throw .ahead }
    tally = Tally((0..<Tally.count).map { _ in reader.next(bytes) })
    var entryCounts: [Int] = []
    guard reader.has(strides.count * Snapshot.ringByteCount) else { throw .impossible(offset: reader.offset) }
    for (ring, _) in strides {
      guard reader.next(bytes) as UInt32 == ring.seconds, reader.next(bytes) as UInt32 == ring.count else {
        throw .otherKind
      }
      entryCounts.append(Int(reader.next(bytes) as UInt32))
      let held: Int64 = reader.next(bytes)
      guard held >= 0, held <= head + Int64(ring.seconds) * 1000 else { throw .ahead }
      heldFrom.append(held)
    }
    try readSamples(Int(sampleCount), bytes, &reader, step: step, head: head)
    for ((ring, stride), count) in zip(strides, entryCounts) {
      guard count <= ring.count, start != Snapshot.none || count == 0, reader.has(count * (4 + stride)) else {
        throw .impossible(offset: reader.offset)
      }
      var youngest = Int64(ring.count)
      let running = max(start, 0) / (Int64(ring.seconds) * 1000)
      func age() throws(SnapshotError) -> Int64 {
        let age = Int64(reader.next(bytes) as UInt32)
        guard age < youngest, age <= running else { throw .impossible(offset: reader.offset) }
        youngest = age
        return age
      }
      if buckets.count < kind.layout.rings.count {
        buckets.append([])
        for _ in 0..<count {
          let age = try age()
          let bucket = try StoredBucket(bytes, &reader)
          let energy = StoredEnergy(sum: kind.isSound ? reader.next(bytes) : 0)
          // 10¹³ is the energy of a second of 130 dB, the most that is believed.
          guard bucket.count == .max || energy.sum == .max || energy.sum / 10_000_000_000_000 <= bucket.seconds else {
            throw .impossible(offset: reader.offset)
          }
          buckets[buckets.count - 1].append((age, bucket, energy))
        }
      } else {
        classes.append([])
        for _ in 0..<count {
          let age = try age()
          let seconds: [UInt16] = (0..<SoundClasses.count).map { _ in reader.next(bytes) }
          guard seconds.contains(where: { $0 > 0 }) else { throw .impossible(offset: reader.offset) }
          classes[classes.count - 1].append((age, seconds))
        }
      }
    }
    guard reader.offset == reader.end else { throw .impossible(offset: reader.offset) }
  }

  private mutating func readSamples(
    _ count: Int, _ bytes: Span<UInt8>, _ reader: inout ByteReader, step: Int64, head: Int64
  ) throws(SnapshotError) {
    guard reader.has(count * StoredSample.byteCount) else { throw .impossible(offset: reader.offset) }
    for _ in 0..<count {
      let sample = StoredSample(
        time: reader.next(bytes), value: Int32(bitPattern: reader.next(bytes)), seconds: reader.next(bytes))
      guard let start, sample.time >= 0, sample.time < start + step, sample.time > samples.last?.time ?? -1,
        sample.seconds <= 86_400
      else { throw .impossible(offset: reader.offset) }
      guard sample.time <= head else { throw .ahead }
      samples.append(sample)
    }
  }
}

extension StoredBucket {
  fileprivate init(_ bytes: Span<UInt8>, _ reader: inout ByteReader) throws(SnapshotError) {
    self.init(
      sum: reader.next(bytes), weightedSum: reader.next(bytes), count: reader.next(bytes), seconds: reader.next(bytes),
      minimum: Int32(bitPattern: reader.next(bytes)), maximum: Int32(bitPattern: reader.next(bytes)))
    let isPossible =
      count == .max
      ? sum == 0 && weightedSum == 0 && seconds == 0 && minimum == 0 && maximum == 0
      : count > 0 && minimum <= maximum && sum >= Int64(count) * Int64(minimum) && sum <= Int64(count) * Int64(maximum)
        && UInt64(seconds) <= UInt64(count) * 86_400 && weightedSum >= Int64(seconds) * Int64(minimum)
        && weightedSum <= Int64(seconds) * Int64(maximum)
    guard isPossible else { throw .impossible(offset: reader.offset) }
  }
}
