/**
 * Any value as bytes and back, exactly: what has no column of its own in a page (arrays, values
 * of changing type) and what state keeps. One tag byte, then MessagePack for plain data, or V8's
 * own serialization for what MessagePack would change. Class instances come back as plain
 * objects, arrays without properties that are no elements.
 * Threads: one codec a task; the packages behind it are loaded when first needed.
 */
import { createRequire } from 'node:module'
import type { Packr } from 'msgpackr'
import { assert } from '../base/assert.ts'
import { BlobScratch } from './blob-scratch.ts'
import { joinPath, notEncodable } from './value-kind.ts'

const TAG_MSGPACK = 0
const TAG_V8 = 1
/** When first needed: importing them takes about 2 and 20 ms, and many tasks need neither. */
const load = createRequire(import.meta.url)

/** Deeper values go to V8, which also knows cycles. */
const PLAIN_DEPTH_MAX = 64
const SEARCH_DEPTH_MAX = 1000

/** Of all codecs of a thread: it keeps nothing from one value to the next. */
const shared: { packr?: Packr } = {}

export class ValueCodec {
  #scratch: BlobScratch | undefined

  /** The value's bytes, fresh. Throws `RECORD_NOT_ENCODABLE`, naming the field. */
  encode(value: unknown, path = ''): Uint8Array {
    this.#scratch ??= new BlobScratch()
    this.#scratch.clear()
    this.encodeTo(this.#scratch, value, path)
    return this.#scratch.bytes.slice(0, this.#scratch.length)
  }

  /** Appends the value's bytes. */
  encodeTo(scratch: BlobScratch, value: unknown, path: string): void {
    if (isPlain(value, 0)) {
      scratch.appendByte(TAG_MSGPACK)
      scratch.appendBytes(packr().pack(value))
    } else {
      scratch.appendByte(TAG_V8)
      scratch.appendBytes(serializeWithV8(value, path))
    }
  }

  /**
   * The value whose bytes are [from, to). The bytes must not be shared memory, and must be a plain
   * Uint8Array (those of a Buffer would come back as Buffers).
   */
  decode(bytes: Uint8Array, from: number, to: number): unknown {
    const tag = bytes[from]
    // V8 may lend typed arrays out of what it reads.
    if (tag === TAG_V8) return loadV8().deserialize(bytes.slice(from + 1, to))
    assert(tag === TAG_MSGPACK, `unknown tag ${tag} of an encoded value`)
    return packr().unpack(bytes, { start: from + 1, end: to })
  }
}

function packr(): Packr {
  if (shared.packr === undefined) {
    const { Packr } = load('msgpackr') as typeof import('msgpackr')
    shared.packr = new Packr({ useRecords: false, copyBuffers: true })
  }
  return shared.packr
}

/** Whether MessagePack gives back the same value. */
function isPlain(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
      return isWellFormed(value)
    case 'number':
      return !Object.is(value, -0)
    case 'boolean':
    case 'undefined':
      return true
    case 'object':
      return value === null || isPlainObject(value, depth)
    default:
      return false
  }
}

function isPlainObject(value: object, depth: number): boolean {
  if (depth > PLAIN_DEPTH_MAX) return false
  switch (value.constructor) {
    case Object:
      return arePlainFields(value as Record<string, unknown>, depth)
    case Array:
      return arePlainItems(value as unknown[], depth)
    case Date:
      return !Number.isNaN((value as Date).getTime())
    case Uint8Array:
      return true
    default:
      return false
  }
}

function arePlainFields(fields: Record<string, unknown>, depth: number): boolean {
  if (Object.getPrototypeOf(fields) !== Object.prototype) return false
  for (const name in fields) {
    if (name === '__proto__' || !isWellFormed(name)) return false
    if (!isPlain(fields[name], depth + 1)) return false
  }
  return true
}

function arePlainItems(items: readonly unknown[], depth: number): boolean {
  for (let i = 0; i < items.length; i++) {
    const item = items[i]
    if (item === undefined && !(i in items)) return false
    if (!isPlain(item, depth + 1)) return false
  }
  return true
}

function loadV8(): typeof import('node:v8') {
  return load('node:v8')
}

function serializeWithV8(value: unknown, path: string): Uint8Array {
  try {
    return loadV8().serialize(value)
  } catch (cause) {
    const found = findFunction(value, path, 0)
    if (found !== undefined) throw notEncodable(`a ${found.type}`, found.path, cause)
    throw notEncodable(`a value that ${(cause as Error).message}`, path, cause)
  }
}

interface Found {
  readonly type: string
  readonly path: string
}

/** Where the function or symbol is that kept a value from being encoded. */
function findFunction(value: unknown, path: string, depth: number): Found | undefined {
  if (typeof value === 'function' || typeof value === 'symbol') return { type: typeof value, path }
  if (typeof value !== 'object' || value === null || depth > SEARCH_DEPTH_MAX) return undefined
  const items = value instanceof Map || value instanceof Set ? Array.from(value) : value
  for (const [name, item] of Object.entries(items)) {
    const inner = Array.isArray(items) ? `${path}[${name}]` : joinPath(path, name)
    const found = findFunction(item, inner, depth + 1)
    if (found !== undefined) return found
  }
  return undefined
}

/** Not yet in the library that the compiler is told to use, but in every supported Node. */
function isWellFormed(text: string): boolean {
  return (text as unknown as { isWellFormed(): boolean }).isWellFormed()
}
