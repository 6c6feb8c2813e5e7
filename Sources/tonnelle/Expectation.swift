// tonnelle replay --expect: transitions beside those of a file, and the first difference in its surroundings.

/// The lines that are expected, one after the other.
struct Expectation {
  private let path: String
  private let lines: [[UInt8]]
  private var next = 0

  /// - Throws: ``CommandFailure`` when the file cannot be read.
  init(_ path: String) throws(CommandFailure) {
    self.path = path
    lines = try Files.nonEmptyLines(path)
  }

  /// Compares some lines that came.
  ///
  /// - Returns: whether all are as expected; if not, the first that is not has been shown on standard error.
  mutating func take(_ bytes: [UInt8]) -> Bool {
    for line in bytes.split(separator: 0x0A) {
      guard next < lines.count, lines[next].elementsEqual(line) else {
        show(expected: next < lines.count ? lines[next] : nil, found: Array(line))
        return false
      }
      next += 1
    }
    return true
  }

  /// Says whether anything is missing at the end.
  func finish() -> Bool {
    guard next < lines.count else { return true }
    show(expected: lines[next], found: nil)
    return false
  }

  private func show(expected: [UInt8]?, found: [UInt8]?) {
    func text(_ line: [UInt8]?) -> String { line.map { String(decoding: $0, as: UTF8.self) } ?? "nothing" }
    var report = "\(path):\(next + 1): the transitions differ\n"
    for line in lines[max(0, next - 3)..<next] { report += "  \(text(line))\n" }
    report += "- \(text(expected))\n+ \(text(found))\n"
    for line in lines.dropFirst(next + 1).prefix(2) { report += "  \(text(line))\n" }
    Terminal.error(report)
  }
}
