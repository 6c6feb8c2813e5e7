// Recorded data of tests: gzipped files of comma-separated values, beside the tests that read them.

import CZlib
import Foundation

/// Reads recordings.
public enum Recording {
  /// The rows of a gzipped file behind its header, cell by cell.
  ///
  /// - Parameters:
  ///   - name: the file in the folder `Recordings`.
  ///   - test: the test's own source file.
  /// - Returns: cells of text.
  public static func rows(_ name: String, beside test: String = #filePath) -> [[Substring]] {
    let path = URL(filePath: test).deletingLastPathComponent().appending(path: "Recordings").appending(path: name).path
    let file = gzopen(path, "r")
    defer { gzclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = gzread(file, &buffer, 1 << 16), count > 0 { bytes += buffer[..<Int(count)] }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").dropFirst()
      .map { $0.split(separator: ",", omittingEmptySubsequences: false) }
  }
}
