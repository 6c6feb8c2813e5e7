// The only place with pointers: one block of memory, taken at birth, of which every access is checked.

/// A block of bytes with one owner.
///
/// All series of a bank lie in one block, so that appending allocates nothing and that a machine too small for them
/// shows at the start and not in a heatwave.
@safe struct Slab: ~Copyable {
  private let base: UnsafeMutableRawPointer
  /// Bytes.
  let byteCount: Int

  /// A block of zeros, one page of them at least.
  init(byteCount: Int) {
    self.byteCount = max(byteCount, 4096)
    unsafe base = .allocate(byteCount: self.byteCount, alignment: 4096)
    unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: self.byteCount)
  }

  deinit { unsafe base.deallocate() }

  /// The value at an offset, which must be a multiple of its alignment; changed in place.
  ///
  /// In place, because a value that is built in registers, put on the stack and copied from there waits for the store
  /// buffer: a third of the time of an append.
  subscript<T: BitwiseCopyable>(_ offset: Int, as type: T.Type = T.self) -> T {
    @inline(__always) get { unsafe pointer(offset).pointee }
    @inline(__always) _modify { yield unsafe &pointer(offset).pointee }
  }

  @inline(__always)
  private func pointer<T>(_ offset: Int) -> UnsafeMutablePointer<T> {
    check(offset, MemoryLayout<T>.size)
    return unsafe (base + offset).assumingMemoryBound(to: T.self)
  }

  /// Copies bytes of another block.
  mutating func copy(from other: borrowing Slab, at source: Int, to target: Int, byteCount count: Int) {
    precondition(count >= 0 && count <= byteCount && count <= other.byteCount)
    other.check(source, count)
    check(target, count)
    unsafe (base + target).copyMemory(from: other.base + source, byteCount: count)
  }

  /// Sets bytes to zero.
  mutating func clear(_ offset: Int, byteCount count: Int) {
    precondition(count >= 0 && count <= byteCount)
    check(offset, count)
    unsafe (base + offset).initializeMemory(as: UInt8.self, repeating: 0, count: count)
  }

  @inline(__always)
  private func check(_ offset: Int, _ count: Int) {
    // One comparison: what is negative is very large without its sign. No `count` reaches a page.
    precondition(UInt(bitPattern: offset) <= UInt(bitPattern: byteCount &- count), "outside the slab")
  }
}

// One owner at a time, no other way to the memory than through it: as safe to send as an array.
extension Slab: @unchecked Sendable {}
