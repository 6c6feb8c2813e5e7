// Which sensor has a topic: asked for every message, so it is a table of its own instead of a Dictionary, whose hash
// withstands an adversary and costs as much as decoding a record. Only topics of the settings are ever put in.

/// A hash table of topics that is made once.
struct TopicIndex: Sendable {
  /// A power of two, at least twice the number of topics; negative where there is none.
  private var slots: [Int32]
  private let topics: [(text: String, sensor: Int)]

  /// A table of topics; of two that are the same the first counts.
  init(_ topics: [(text: String, sensor: Int)]) {
    self.topics = topics
    var size = 16
    while size < topics.count * 2 { size *= 2 }
    slots = Array(repeating: -1, count: size)
    for (index, topic) in topics.enumerated() {
      let place = place(of: topic.text)
      if slots[place] < 0 { slots[place] = Int32(index) }
    }
  }

  /// The sensor with a topic.
  subscript(topic: String) -> Int? {
    let found = slots[place(of: topic)]
    return found < 0 ? nil : topics[Int(found)].sensor
  }

  /// Where a topic stands, or the free slot where it would.
  private func place(of topic: String) -> Int {
    let mask = slots.count - 1
    var place = Self.hash(topic) & mask
    while slots[place] >= 0, topics[Int(slots[place])].text != topic { place = (place + 1) & mask }
    return place
  }

  /// Each eight bytes multiplied into the ones before.
  private static func hash(_ topic: String) -> Int {
    var topic = topic
    // The bytes where they lie, whose number is known.
    let hash = topic.withUTF8 { bytes in
      let bytes = UnsafeRawBufferPointer(bytes)
      var hash = UInt64(bytes.count)
      func mix(_ word: UInt64) {
        hash = (hash ^ word) &* 0x9E37_79B9_7F4A_7C15
        hash ^= hash >> 32
      }
      var index = 0
      while index + 8 <= bytes.count {
        mix(unsafe bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
        index += 8
      }
      while index < bytes.count {
        mix(UInt64(unsafe bytes[index]))
        index += 1
      }
      return hash
    }
    return Int(truncatingIfNeeded: hash & 0x7FFF_FFFF)
  }
}
