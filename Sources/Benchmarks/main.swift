// Benchmarks: our program beside a named peer or a limit, in one run, as ratios. These machines are noisy; ratios less.
//
// usage: Benchmarks [--only PATTERN]     a table on standard output, and .build/bench.json

import Foundation

if CommandLine.arguments.dropFirst().first == "measure" {
  let words = CommandLine.arguments
  if words.count == 4, words[2] == "decode", let count = Int(words[3]) {
    print(try DecodeBenchmark.measure(count))
    exit(0)
  }
  guard let number = try AppendProgram.run(Array(CommandLine.arguments.dropFirst(2))) else { exit(2) }
  print(number)
  exit(0)
}

var only: String?
if let mark = CommandLine.arguments.firstIndex(of: "--only"), mark + 1 < CommandLine.arguments.count {
  only = CommandLine.arguments[mark + 1]
}

/// Benchmarks by the names of the rows that they add.
let benchmarks: [(rows: [String], run: (inout Results) throws -> Void)] = [
  (["ingest qos0 cpu", "ingest qos0 rate"], { try IngestBenchmark.run(qos: 0, &$0) }),
  (["ingest qos1 cpu", "ingest qos1 rate"], { try IngestBenchmark.run(qos: 1, &$0) }),
  (["ingest qos0 cpu exporter"], { try IngestBenchmark.runExporter(&$0) }),
  (
    [
      "append scrape", "append scrape C", "append shuffled", "append shuffled C", "append journal", "append rrdtool 1",
      "append rrdtool 64",
    ], AppendBenchmark.run
  ),
  (
    ["append memory value", "append memory sound", "append memory mix", "append allocations"], AppendBenchmark.runMemory
  ),
  (["query day", "query places", "checkpoint slice"], AppendBenchmark.runQueries),
  (["decode senml", "decode chirpstack", "decode allocations"], DecodeBenchmark.run),
  (["replay"], ReplayBenchmark.run),
  (["indicators all", "indicators one", "coverage", "coverage change"], DomainBenchmark.run),
  (
    ["list page 64", "list page 512", "list geojson 64", "list geojson 512"].flatMap { [$0, $0 + " p99"] }
      + ["page of 10,000"], PageBenchmark.run
  ),
  (["streams", "streams memory", "streams ingest", "streams cpu"], StreamsBenchmark.run),
  (["report season", "report memory"], ReportBenchmark.run),
  (["resident", "anonymous", "idle"], { try FootprintBenchmark.run(&$0) }),
]

var results = Results()
for benchmark in benchmarks {
  if let only, !benchmark.rows.contains(where: { $0.contains(only) }) { continue }
  do {
    try benchmark.run(&results)
  } catch {
    print("\(benchmark.rows.joined(separator: ", ")): \(error)")
    results.failed = true
  }
}
try results.finish()
exit(results.failed ? 1 : 0)
