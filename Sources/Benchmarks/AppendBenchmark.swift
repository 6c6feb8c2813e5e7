// RingSeries beside Prometheus, RRDtool and plain C. Where the work differs:
//
// promtool   writes Prometheus' head block and its WAL; ours is journalled elsewhere (see `append journal`). Its start
//            is subtracted: the time of one scrape.
// librrd     keeps one file a series and writes it at each call; a call may bring many samples.
// C          the same layout without limits, late readings, repeats or bounds: what the memory costs.

import Foundation

enum AppendBenchmark {
  static let series = 20_000
  static let scrapes = 500
  static let pairs = 5

  static func run(_ results: inout Results) throws {
    let folder = try Folder()
    let rings = try Self.compiled("rings", in: folder, flags: [])
    let labels = try folder.write(
      "labels.json",
      (0..<series).map { #"{"__name__":"t","place":"p\#($0 / 3)","sensor":"s\#($0)","kind":"temperature"}"# + "\n" }
        .joined())
    for order in ["scrape", "shuffled"] {
      var ours: [Double] = []
      var limit: [Double] = []
      var theirs: [Double] = []
      for _ in 0..<pairs {
        ours.append(try measure(["append", "\(series)", "\(scrapes)", order]))
        limit.append(try number([rings, "\(series)", "\(scrapes)", order]))
        theirs.append(try promtool(labels, folder))
      }
      results.add(
        Row(
          name: "append \(order)", unit: "µs a sample", ours: median(ours), peer: median(theirs),
          peerName: "promtool tsdb bench", goal: .atMost(0.2)))
      results.add(
        Row(
          name: "append \(order) C", unit: "µs a sample", ours: median(ours), peer: median(limit), peerName: "C",
          goal: .atMost(2)))
    }
    let journal = try measure(["journal", "\(series)", "10"])
    results.add(
      Row(
        name: "append journal", unit: "µs a sample, with SQLite", ours: journal, peer: try promtool(labels, folder),
        peerName: "promtool tsdb bench"))
    let rrd = try compiled("rrd", in: folder, flags: ["-lrrd"])
    for samples in [1, 64] {
      let ours = try measure(["append", "\(series)", "\(scrapes)", "scrape"])
      let theirs = try number([rrd, "200", "\(samples * 64)", "\(samples)", folder.path])
      results.add(
        Row(
          name: "append rrdtool \(samples)", unit: "µs a sample", ours: ours, peer: theirs,
          peerName: "librrd, \(samples) an update"))
    }
  }

  static func runMemory(_ results: inout Results) throws {
    let kinds = AppendProgram.kinds(10)
    for (name, kind, limit) in [("value", kinds[0], 28.0), ("sound", kinds[9], 60.0)] {
      results.add(
        Row(
          name: "append memory \(name)", unit: "KiB a series", ours: Double(kind.byteCount) / 1024, peer: limit,
          peerName: "limit", goal: .atMost(1)))
    }
    results.add(
      Row(
        name: "append memory mix", unit: "MiB resident after a year", ours: try measure(["year", "\(series)"]),
        peer: 630,
        peerName: "limit", goal: .atMost(1)))
    // What valgrind counts of a hundred more scrapes than ten; appending late and in order.
    let few = try allocations(scrapes: 10)
    let many = try allocations(scrapes: 110)
    results.add(
      Row(
        name: "append allocations", unit: "in 20,000 appends", ours: many - few, peer: 1, peerName: "limit: none",
        goal: .atMost(0)))
  }

  static func runQueries(_ results: inout Results) throws {
    results.add(
      Row(
        name: "query day", unit: "µs, 96 quarter hours", ours: try measure(["day", "2000"]), peer: 20,
        peerName: "limit", goal: .atMost(1)))
    results.add(
      Row(
        name: "query places", unit: "ms, 1,400 × 3 series", ours: try measure(["places", "1400"]), peer: 2,
        peerName: "limit", goal: .atMost(1)))
    results.add(
      Row(
        name: "checkpoint slice", unit: "ms for half a mebibyte of series", ours: try measure(["slice", "200"]),
        peer: 5, peerName: "limit", goal: .atMost(1)))
  }

  private static func measure(_ words: [String]) throws -> Double {
    try number([CommandLine.arguments[0], "measure"] + words)
  }

  /// What a program prints last.
  private static func number(_ words: [String]) throws -> Double {
    let text = try output(of: words)
    guard let number = text.split(separator: "\n").last.flatMap({ Double($0) }) else {
      throw BenchmarkError(description: "\(words.joined(separator: " ")): \(text)")
    }
    return number
  }

  private static func compiled(_ name: String, in folder: Folder, flags: [String]) throws -> String {
    let program = folder.path + "/" + name
    _ = try output(of: ["gcc", "-O2", "-o", program, "Sources/Benchmarks/Peers/\(name).c"] + flags)
    return program
  }

  /// Microseconds a sample: of so many scrapes, less the first.
  private static func promtool(_ labels: String, _ folder: Folder) throws -> Double {
    func time(_ scrapes: Int) throws -> Double {
      let before = endedChildrenTime()
      let store = folder.path + "/promtool"
      let text = try output(of: [
        "promtool", "tsdb", "bench", "write", "--out=\(store)", "--metrics=\(series)", "--scrapes=\(scrapes)", labels,
      ])
      try? FileManager.default.removeItem(atPath: store)
      guard text.contains("completed stage=ingestScrapes") else {
        throw BenchmarkError(description: "promtool: \(text)")
      }
      return endedChildrenTime() - before
    }
    let first = try time(1)
    return (try time(scrapes) - first) * 1e6 / Double(series * (scrapes - 1))
  }

  private static func allocations(scrapes: Int) throws -> Double {
    try heapAllocations(of: ["measure", "append", "200", "\(scrapes)", "shuffled"])
  }
}

/// How often this program, called with some words, asks for memory, as valgrind counts it.
func heapAllocations(of words: [String]) throws -> Double {
  let text = try output(
    of: ["valgrind", "--tool=memcheck", CommandLine.arguments[0]] + words, withErrors: true)
  guard let line = text.split(separator: "\n").first(where: { $0.contains("total heap usage:") }),
    let count = line.split(separator: ":").last?.split(separator: " ").first
  else { throw BenchmarkError(description: "valgrind: \(text)") }
  return Double(count.filter(\.isNumber)) ?? .nan
}
