/**
 * Takes parts of snapshots into stores, some hundred entries at a time: first it finds where each
 * begins and what its key hashes to, then it fetches the buckets of all these keys, and only then
 * are the keys looked up. In one go each key would wait for memory on its own. States are written
 * one after the other with their keys in about the same order, so that most keys of the second
 * lie in the slots one behind the other, and need no hash.
 * Threads: the task that owns the subtask.
 */
import { ByteReader } from '../../codec/byte-stream.ts'
import { murmur3 } from '../../codec/murmur.ts'
import type { KeyedStore } from '../contract.ts'
import type { StatePart } from '../snapshot-contract.ts'
import { damaged } from '../state-errors.ts'
import type { HeapKeys } from './heap-keys.ts'

const BATCH_ENTRIES = 256
const NONE = -1

export class PartRestorer {
  readonly #keys: HeapKeys
  // Of each entry of the batch.
  readonly #keyFrom = new Uint32Array(BATCH_ENTRIES)
  readonly #keyTo = new Uint32Array(BATCH_ENTRIES)
  /** The key's slot, if it was found while scanning: then nobody needs its hash. */
  readonly #slots = new Int32Array(BATCH_ENTRIES)
  readonly #hashes = new Int32Array(BATCH_ENTRIES)
  /** The slot behind that of the last entry. */
  #next = 0

  constructor(keys: HeapKeys) {
    this.#keys = keys
  }

  restore(store: KeyedStore, part: StatePart): void {
    const { buffer, byteOffset, byteLength } = part.bytes
    // A Buffer would make values that are bytes come back as Buffers.
    const from = new ByteReader(new Uint8Array(buffer, byteOffset, byteLength))
    // From here on every slot holds something, and none is freed on the way.
    this.#keys.leave()
    for (let left = part.entries; left > 0; left -= BATCH_ENTRIES) {
      const count = Math.min(left, BATCH_ENTRIES)
      const begin = from.at
      this.#scan(store, from, count)
      const end = from.at
      from.at = begin
      this.#read(store, from, { count, keyGroup: part.keyGroup })
      if (from.at !== end) throw damaged('an entry does not end where it should')
    }
    if (!from.isAtEnd) throw damaged(`${part.entries} entries are followed by more bytes`)
    this.#keys.leave()
  }

  /** Until a key turns out to be new: then those behind it probably are, too. */
  #scan(store: KeyedStore, from: ByteReader, count: number): void {
    const keys = this.#keys
    const { bytes } = from
    let isKnown = true
    for (let i = 0; i < count; i++) {
      const keyFrom = from.sized()
      const keyTo = from.at
      this.#keyFrom[i] = keyFrom
      this.#keyTo[i] = keyTo
      if (isKnown && keys.holds(this.#next, bytes, keyFrom, keyTo)) {
        this.#slots[i] = this.#next++
      } else {
        const hash = murmur3(bytes, keyFrom, keyTo)
        const slot: number = isKnown ? keys.find(bytes, keyFrom, keyTo, hash) : NONE
        isKnown = slot >= 0
        this.#slots[i] = slot
        this.#hashes[i] = hash
        this.#next = slot + 1
      }
      store.skip(from)
    }
    if (!isKnown) keys.fetch(this.#hashes, count)
  }

  #read(
    store: KeyedStore,
    from: ByteReader,
    { count, keyGroup }: { readonly count: number; readonly keyGroup: number },
  ): void {
    const keys = this.#keys
    const { bytes } = from
    for (let i = 0; i < count; i++) {
      const slot = this.#slots[i]!
      const hash = this.#hashes[i]!
      const keyTo = this.#keyTo[i]!
      const group = slot >= 0 ? keys.keyGroupOf(slot) : keys.keyGroupOfHash(hash)
      if (group !== keyGroup) throw damaged(`a key of another group lies in group ${keyGroup}`)
      if (slot >= 0) keys.setSlot(slot)
      else keys.setBytes(bytes, this.#keyFrom[i]!, keyTo, hash, keyGroup)
      from.at = keyTo
      store.read(from)
    }
    this.#next = keys.slot + 1
  }
}
