// One SQLite connection. C's rules stand beside the calls that they decide.

internal import CSQLite

/// A connection, closed when its owner goes.
///
/// Confined to the thread or queue of its owner, unless it was opened to be shared.
@safe final class Connection {
  private let handle: OpaquePointer

  /// Opens a database.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - readOnly: whether nothing may be written.
  ///   - isShared: whether several threads may call it.
  ///   - creates: whether the file is made where there is none.
  ///   - vfs: the name of SQLite's way to the disk; nil for the system's own.
  /// - Throws: ``StoreError`` with what SQLite says.
  init(
    path: String, readOnly: Bool = false, isShared: Bool = false, creates: Bool = true, vfs: String? = nil
  ) throws(StoreError) {
    var opened: OpaquePointer?
    let writing = SQLITE_OPEN_READWRITE | (creates ? SQLITE_OPEN_CREATE : 0)
    let access = readOnly ? SQLITE_OPEN_READONLY : writing
    let threads = isShared ? SQLITE_OPEN_FULLMUTEX : SQLITE_OPEN_NOMUTEX
    let code = unsafe sqlite3_open_v2(path, &opened, access | threads, vfs)
    guard code == SQLITE_OK, let opened = unsafe opened else {
      // "Whether or not an error occurs when it is opened, resources […] should be released" (sqlite3_open_v2).
      let detail = unsafe Self.message(opened)
      unsafe sqlite3_close_v2(opened)
      throw StoreError(code: code, attempt: "opening \(path)", detail: detail)
    }
    unsafe handle = opened
    unsafe sqlite3_extended_result_codes(opened, 1)
    unsafe sqlite3_busy_timeout(opened, 2000)
  }

  deinit { unsafe sqlite3_close_v2(handle) }

  /// Rows that the last statement changed.
  var changes: Int64 { unsafe sqlite3_changes64(handle) }

  private static func message(_ handle: OpaquePointer?) -> String {
    guard let text = unsafe sqlite3_errmsg(handle) else { return "out of memory" }
    return unsafe String(cString: text)
  }

  func error(_ code: Int32, _ attempt: String) -> StoreError {
    StoreError(code: code, attempt: attempt, detail: unsafe Self.message(handle))
  }

  /// Runs statements that return nothing of interest.
  func execute(_ sql: String) throws(StoreError) {
    let code = unsafe sqlite3_exec(handle, sql, nil, nil, nil)
    guard code == SQLITE_OK else { throw error(code, sql) }
  }

  /// Copies all of this database over another one.
  ///
  /// - Parameters:
  ///   - target: the other.
  ///   - pages: how many pages at a time.
  ///   - progress: told after each time how many of how many bytes there are.
  /// - Throws: ``StoreError``.
  func backup(to target: Connection, pages: Int32, _ progress: (Int64, Int64) -> Void) throws(StoreError) {
    let size = try prepare("PRAGMA page_size")
    let bytes = try size.step() ? size.integer(0) : 0
    guard let backup = unsafe sqlite3_backup_init(target.handle, "main", handle, "main") else {
      throw target.error(unsafe sqlite3_errcode(target.handle), "copying the database")
    }
    var code = SQLITE_OK
    repeat {
      code = unsafe sqlite3_backup_step(backup, pages)
      let total = Int64(unsafe sqlite3_backup_pagecount(backup))
      progress((total - Int64(unsafe sqlite3_backup_remaining(backup))) * bytes, total * bytes)
    } while code == SQLITE_OK
    unsafe sqlite3_backup_finish(backup)
    guard code == SQLITE_DONE else { throw target.error(code, "copying the database") }
  }

  func prepare(_ sql: String) throws(StoreError) -> Statement {
    var statement: OpaquePointer?
    let code = unsafe sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
    guard code == SQLITE_OK, let statement = unsafe statement else { throw error(code, sql) }
    return unsafe Statement(statement, sql: sql, connection: self)
  }
}

/// A prepared statement; it keeps its connection alive.
@safe final class Statement {
  private let handle: OpaquePointer
  private let sql: String
  private let connection: Connection

  init(_ handle: OpaquePointer, sql: String, connection: Connection) {
    unsafe self.handle = unsafe handle
    self.sql = sql
    self.connection = connection
  }

  deinit { unsafe sqlite3_finalize(handle) }

  func bind(_ index: Int32, _ value: Int64) { unsafe sqlite3_bind_int64(handle, index, value) }

  func bind(_ index: Int32, _ value: Int64?) {
    if let value { bind(index, value) } else { unsafe sqlite3_bind_null(handle, index) }
  }

  func bind(_ index: Int32, _ bytes: [UInt8]) {
    // A null pointer would be NULL, and an empty array may have one.
    if bytes.isEmpty { return bindEmpty(index) }
    _ = unsafe bytes.withUnsafeBytes { buffer in
      unsafe csqlite_bind_blob_copy(handle, index, buffer.baseAddress, Int32(buffer.count))
    }
  }

  private func bindEmpty(_ index: Int32) { unsafe sqlite3_bind_zeroblob(handle, index, 0) }

  func bind(_ index: Int32, _ bytes: [UInt8]?) {
    if let bytes { bind(index, bytes) } else { unsafe sqlite3_bind_null(handle, index) }
  }

  func bind(_ index: Int32, _ text: String?) {
    if let text { bind(index, text) } else { bind(index, Int64?.none) }
  }

  func bind(_ index: Int32, _ text: String) {
    var text = text
    text.withUTF8 { buffer in
      unsafe buffer.withMemoryRebound(to: CChar.self) { characters in
        _ = unsafe csqlite_bind_text_copy(handle, index, characters.baseAddress, Int32(characters.count))
      }
    }
  }

  /// Goes to the next row.
  ///
  /// - Returns: false when there is none.
  func step() throws(StoreError) -> Bool {
    let code = unsafe sqlite3_step(handle)
    switch code {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    default:
      let error = connection.error(code, sql)
      unsafe sqlite3_reset(handle)
      throw error
    }
  }

  /// Runs a statement that returns no row.
  func run() throws(StoreError) {
    _ = try step()
    reset()
  }

  func reset() { unsafe sqlite3_reset(handle) }

  func integer(_ column: Int32) -> Int64 { unsafe sqlite3_column_int64(handle, column) }

  func isNull(_ column: Int32) -> Bool { unsafe sqlite3_column_type(handle, column) == SQLITE_NULL }

  func text(_ column: Int32) -> String { String(decoding: bytes(column), as: UTF8.self) }

  func bytes(_ column: Int32) -> [UInt8] {
    // "The pointers returned are valid until a type conversion occurs […] or until sqlite3_step() or sqlite3_reset()
    // or sqlite3_finalize() is called" (sqlite3_column_blob): the bytes are copied at once.
    guard let pointer = unsafe sqlite3_column_blob(handle, column) else { return [] }
    let count = Int(unsafe sqlite3_column_bytes(handle, column))
    return unsafe Array(UnsafeRawBufferPointer(start: pointer, count: count))
  }
}
