/**
 * Typed arrays that grow where they are. A large one lies in a WebAssembly memory, for which
 * addresses are reserved up to `MEMORY_BYTES_MAX`: growing it copies nothing, and memory is used
 * from the first touch of a page on. It is a shared memory, of one thread all the same: growing
 * another kind detaches its buffer, and V8 from then on checks every typed array for that.
 * Threads: the task that owns the array.
 */
type GrowingArray = Uint8Array | Uint16Array | Int32Array | Uint32Array | Float64Array
type ArrayKind<A> = new (buffer: ArrayBufferLike | number, offset?: number, length?: number) => A

const PAGE_BYTES = 1 << 16
const PAGES_MAX = 1 << 16
const MEMORY_BYTES_MAX = PAGES_MAX * PAGE_BYTES
/** Below, a copy takes a fraction of a millisecond. */
const IN_PLACE_BYTES_MIN = 1 << 20

const OFFSETS = 4096
/** Cache lines, and without a common factor with their number. */
const OFFSET_STEP = 13 * 64
/** Where the first value of the last array lies that was given a memory. */
const latest = { offset: 0 }

/** What of it is used here: the types of Node know no more than its name. */
interface Memory {
  readonly buffer: ArrayBufferLike
  grow(pages: number): number
}
interface MemoryOptions {
  readonly initial: number
  readonly maximum: number
  readonly shared: boolean
}
const wasm = Reflect.get(globalThis, 'WebAssembly') as
  | { readonly Memory: new (options: MemoryOptions) => Memory }
  | undefined

const memories = new WeakMap<ArrayBufferLike, Memory>()

/** The same values and zeros behind them, from `length` on: the array itself where it has room. */
export function withRoom<A extends GrowingArray>(array: A, length: number): A {
  return length <= array.length ? array : grown(array, Math.max(length, 2 * array.length))
}

/** The same values and zeros behind them, up to `length`. The array is not to be used any more. */
export function grown<A extends GrowingArray>(
  array: A,
  length: number,
  inPlaceBytesMin = IN_PLACE_BYTES_MIN,
): A {
  const Kind = array.constructor as ArrayKind<A>
  const bytes = length * array.BYTES_PER_ELEMENT
  const known = memories.get(array.buffer)
  if (known !== undefined && growTo(known, array.byteOffset + bytes)) {
    memories.set(known.buffer, known)
    return new Kind(known.buffer, array.byteOffset, length)
  }
  const memory = bytes < inPlaceBytesMin ? undefined : memoryOf(OFFSETS + bytes)
  const copy =
    memory === undefined ? new Kind(length) : new Kind(memory.buffer, nextOffset(), length)
  copy.set(array)
  return copy
}

/**
 * Every memory begins on a page. Columns that did, too, would have all values of a slot at the same
 * place in their pages: a read of one would then wait for what was just written to the other.
 */
function nextOffset(): number {
  latest.offset = (latest.offset + OFFSET_STEP) % OFFSETS
  return latest.offset
}

/** Undefined where WebAssembly is switched off, or addresses are scarce: then growing copies. */
function memoryOf(bytes: number): Memory | undefined {
  if (wasm === undefined || bytes > MEMORY_BYTES_MAX) return undefined
  try {
    const initial = Math.ceil(bytes / PAGE_BYTES)
    const memory = new wasm.Memory({ initial, maximum: PAGES_MAX, shared: true })
    memories.set(memory.buffer, memory)
    return memory
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function growTo(memory: Memory, bytes: number): boolean {
  const more = bytes - memory.buffer.byteLength
  if (more <= 0) return true
  if (bytes > MEMORY_BYTES_MAX) return false
  try {
    memory.grow(Math.ceil(more / PAGE_BYTES))
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}
