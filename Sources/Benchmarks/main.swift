// Benchmarks: our program beside a named peer or a limit, in one run, as ratios. These machines are noisy; ratios less.
//
// usage: Benchmarks [--only PATTERN]     a table on standard output, and .build/bench.json

import Foundation

let words = CommandLine.arguments
if words.count == 5, words[1] == "append", let series = Int(words[2]), let scrapes = Int(words[3]) {
  try AppendProgram.run(series: series, scrapes: scrapes, shuffled: words[4] == "shuffled")
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
  (["list page"], { try PageBenchmark.run(&$0) }),
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
