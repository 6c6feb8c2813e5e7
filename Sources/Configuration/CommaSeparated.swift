// Comma-separated values (RFC 4180), as spreadsheets write them: also with semicolons or tabs, and a byte order mark.

internal import JSONText

/// A table of text with a header.
struct CommaSeparated {
  /// What is wrong with a table, and where.
  struct Fault: Error {
    let position: TextPosition
    let message: String
  }

  /// One row and the line in which it begins.
  struct Row {
    let line: Int
    let values: [String]
  }

  /// The names of the columns.
  let header: [String]
  /// All other rows that are not empty, each as long as the header.
  let rows: [Row]

  /// Reads a table; the separator is the one that the header has most of.
  init(_ text: [UInt8]) throws(Fault) {
    let text = text.withoutByteOrderMark
    let first = text.prefix { $0 != 0x0A }
    let separator = [0x2C, 0x3B, 0x09].max { a, b in first.count { $0 == a } < first.count { $0 == b } } ?? 0x2C
    var all = try Self.rows(text, separator: UInt8(separator))[...]
    guard let header = all.popFirst()?.values.map({ $0.filter { $0 != " " } }) else {
      throw Fault(position: TextPosition(line: 1, column: 1), message: "a table with a header was expected")
    }
    for (index, name) in header.enumerated() {
      guard name.utf8.allSatisfy({ (0x61...0x7A).contains($0) || $0 == 0x5F }), !name.isEmpty else {
        throw Fault(
          position: TextPosition(line: 1, column: 1),
          message: "a column's name is made of a-z and _, \"\(name.prefix(40))\" was found")
      }
      guard !header[..<index].contains(name) else {
        throw Fault(position: TextPosition(line: 1, column: 1), message: "two columns have the name \"\(name)\"")
      }
    }
    for row in all where row.values.count != header.count {
      throw Fault(
        position: TextPosition(line: row.line, column: 1),
        message: "\(header.count) values were expected, as in the header, \(row.values.count) were found")
    }
    self.header = header
    rows = Array(all)
  }

  private static func rows(_ text: ArraySlice<UInt8>, separator: UInt8) throws(Fault) -> [Row] {
    var rows: [Row] = []
    var values: [String] = []
    var value: [UInt8] = []
    var line = 1
    var start = 1
    var isQuoted = false
    var index = text.startIndex
    func trimmed(_ value: [UInt8]) -> String {
      let text = value.drop { $0 == 0x20 }
      return String(
        decoding: text.prefix(upTo: text.lastIndex { $0 != 0x20 }.map { $0 + 1 } ?? text.startIndex), as: UTF8.self)
    }
    func endRow() {
      values.append(trimmed(value))
      if values.contains(where: { !$0.isEmpty }) { rows.append(Row(line: start, values: values)) }
      (values, value, start) = ([], [], line)
    }
    while index < text.endIndex {
      let byte = text[index]
      index += 1
      if byte == 0x0A { line += 1 }
      switch byte {
      case 0x22 where isQuoted && index < text.endIndex && text[index] == 0x22:  // "" within quotes is one
        value.append(byte)
        index += 1
      case 0x22: isQuoted.toggle()
      case _ where isQuoted: value.append(byte)
      case separator:
        values.append(trimmed(value))
        value = []
      case 0x0D: break
      case 0x0A: endRow()
      default: value.append(byte)
      }
    }
    if isQuoted {
      throw Fault(position: TextPosition(line: start, column: 1), message: "a quote is never closed")
    }
    endRow()
    return rows
  }
}

extension [UInt8] {
  /// Text without the mark that some programs put before it.
  var withoutByteOrderMark: ArraySlice<UInt8> {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    return starts(with: mark) ? dropFirst(3) : self[...]
  }
}
