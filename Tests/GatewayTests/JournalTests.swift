// The journal on a real disk: what is stored is there, what is damaged is said, what is newer is refused.

import Foundation
import Store
import Testing

@Suite("The journal") struct JournalTests {
  /// A folder of its own for each test, gone afterwards.
  private static func withFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "tonnelle-test-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  private static func batches(_ folder: String) throws -> [JournalBatch] {
    var batches: [JournalBatch] = []
    try Database.read(folder: folder) {
      batches.append($0)
      return true
    }
    return batches
  }

  @Test("batches come back in order, and positions go on after a restart") func order() throws {
    try Self.withFolder { folder in
      do {
        let journal = try Database(folder: folder)
        try journal.append(Array("a\nb\n".utf8), entries: 2, at: 10)
        try journal.append(Array("c\n".utf8), entries: 1, at: 20)
      }
      let journal = try Database(folder: folder)
      #expect(journal.nextPosition == 4)
      try journal.append(Array("d\n".utf8), entries: 1, at: 30)
      #expect(try Self.batches(folder).map(\.position) == [1, 3, 4])
      #expect(try Self.batches(folder).map(\.isIntact) == [true, true, true])
      var tail: [Int64] = []
      try journal.read(from: 2) {
        tail.append($0.position)
        return true
      }
      #expect(tail == [1, 3, 4])  // entry 2 lies in the batch that begins at 1
    }
  }

  @Test("a damaged batch is found by its sum, and what is around it is kept") func damage() throws {
    try Self.withFolder { folder in
      do {
        let journal = try Database(folder: folder)
        for text in ["one\n", "two\n", "three\n"] { try journal.append(Array(text.utf8), entries: 1, at: 1) }
      }
      try Self.sqlite(folder, "UPDATE journal SET lines = x'0000' WHERE position = 2")
      #expect(try Self.batches(folder).map(\.isIntact) == [true, false, true])
    }
  }

  @Test("a file of schema 1 is brought up to date, with nothing lost") func older() throws {
    try Self.withFolder { folder in
      try Self.sqlite(
        folder,
        """
        CREATE TABLE journal(position INTEGER PRIMARY KEY, entries INTEGER NOT NULL, at INTEGER NOT NULL,
          lines BLOB NOT NULL, crc INTEGER NOT NULL) STRICT;
        INSERT INTO journal VALUES (1, 2, 10, x'610A620A', 3361742430), (3, 1, 20, x'630A', 0);
        PRAGMA user_version = 1;
        """)
      let database = try Database(folder: folder)
      #expect(database.nextPosition == 4)
      #expect(try database.journalBytes() == 6)
      try database.append(Array("d\n".utf8), entries: 1, at: 30)
      let positions = try Self.batches(folder).map(\.position)
      #expect(positions == [1, 3, 4])
      #expect(try database.journalBytes() == 8)
    }
  }

  @Test("the number of an entry is never given twice, even if the end of the journal is lost") func numbers() throws {
    try Self.withFolder { folder in
      do {
        let database = try Database(folder: folder)
        var commit = Commit()
        commit.batch = .init(
          lines: Array("a\nb\n".utf8), entries: 2, at: 1, configurations: [(index: Int64(1), line: Array("b".utf8))])
        try database.commit(commit)
      }
      try Self.sqlite(folder, "DELETE FROM journal")
      #expect(try Database(folder: folder).nextPosition == 3)
    }
  }

  @Test("a file of a newer version is refused with a sentence") func newer() throws {
    try Self.withFolder { folder in
      _ = try Database(folder: folder)
      try Self.sqlite(folder, "PRAGMA user_version = 99")
      #expect { _ = try Database(folder: folder) } throws: { "\($0)".contains("newer version") }
    }
  }

  /// In a process of its own: the limit that stands in for a full disk holds for whatever else the process writes.
  @Test("a full disk fails the batch whole, and later ones work again") func full() async {
    await #expect(processExitsWith: .success) {
      try JournalTests.withFolder { folder in
        let journal = try Database(folder: folder)
        try journal.append(Array("a\n".utf8), entries: 1, at: 1)
        // The write fails, as ENOSPC would make it.
        var old = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &old)
        signal(SIGXFSZ, SIG_IGN)
        var small = rlimit(rlim_cur: 60_000, rlim_max: old.rlim_max)
        setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &small)
        #expect(throws: StoreError.self) {
          try journal.append([UInt8](repeating: 0x61, count: 1 << 20), entries: 1, at: 2)
        }
        #expect(throws: StoreError.self) { try journal.probe() }
        setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &old)
        try journal.probe()
        try journal.append(Array("b\n".utf8), entries: 1, at: 3)
        #expect(try JournalTests.batches(folder).map(\.position) == [1, 2])
      }
    }
  }

  @Test("a folder serves one gateway") func lock() throws {
    try Self.withFolder { folder in
      let lock = try FolderLock(folder: folder)
      #expect { _ = try FolderLock(folder: folder) } throws: { "\($0)".contains("another gateway") }
      withExtendedLifetime(lock) {}
      // Released with its holder.
    }
  }

  private static func sqlite(_ folder: String, _ sql: String) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/python3")
    process.arguments = [
      "-c", "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.executescript(sys.argv[2]); c.commit()",
      folder + "/journal.db", sql,
    ]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }
}

extension Database {
  /// Stores a batch alone.
  func append(_ lines: [UInt8], entries: Int64, at: Int64) throws {
    var commit = Commit()
    commit.batch = .init(lines: lines, entries: entries, at: at)
    try self.commit(commit)
  }
}
