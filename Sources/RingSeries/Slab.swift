// The only place with pointers: one block of memory, taken at birth, of which every access is checked.

internal import Glibc

/// A block of bytes with one owner.
///
/// All series of a bank lie in one block, so that appending allocates nothing, that a machine too small for them shows
/// at the start and not in a heatwave, and that a few huge pages hold what would be 100,000 small ones.
@safe struct Slab: ~Copyable {
  private let base: UnsafeMutableRawPointer
  /// Bytes.
  let byteCount: Int
  /// Where the mapping begins, and its bytes: the block is aligned within it.
  private let mapping: UnsafeMutableRawPointer
  private let mappedByteCount: Int

  /// Bytes of a huge page on x86-64, and on arm64 with small pages of 4 KiB.
  private static let hugePage = 1 << 21

  /// A block of zeros, one page of them at least.
  ///
  /// - Throws: ``LayoutError/memory(_:)`` if the system has not so much.
  init(byteCount: Int) throws(LayoutError) {
    let alignment = byteCount >= Self.hugePage ? Self.hugePage : 4096
    let mappedByteCount = max(byteCount, 4096) + alignment
    // mmap(2): fresh pages are zeros, so that nothing is to be written.
    let mapped = unsafe mmap(nil, mappedByteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else { throw .memory(byteCount) }
    self.byteCount = max(byteCount, 4096)
    self.mappedByteCount = mappedByteCount
    unsafe mapping = mapped
    unsafe base = mapped.alignedUp(toMultipleOf: alignment)
    // Two wishes, not needs: fewer and larger pages, and all of them now.
    if byteCount >= Self.hugePage { unsafe madvise(base, self.byteCount, MADV_HUGEPAGE) }
    unsafe madvise(base, self.byteCount, MADV_POPULATE_WRITE)
  }

  deinit { unsafe munmap(mapping, mappedByteCount) }

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
