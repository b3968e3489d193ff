/**
 * Takes a part of a snapshot into a store.
 * Threads: the task that owns the subtask.
 */
import { ByteReader } from '../../codec/byte-stream.ts'
import type { KeyedStore } from '../contract.ts'
import type { StatePart } from '../snapshot-contract.ts'
import { damaged } from '../state-errors.ts'
import type { HeapKeys } from './heap-keys.ts'

export function restorePart(keys: HeapKeys, store: KeyedStore, part: StatePart): void {
  const { buffer, byteOffset, byteLength } = part.bytes
  // A Buffer would make values that are bytes come back as Buffers.
  const bytes = new Uint8Array(buffer, byteOffset, byteLength)
  const from = new ByteReader(bytes)
  for (let left = part.entries; left > 0; left--) {
    const keyFrom = from.sized()
    if (!keys.enterBytes(bytes, keyFrom, from.at, part.keyGroup)) {
      throw damaged(`a key of another group lies in group ${part.keyGroup}`)
    }
    store.read(from)
  }
  if (!from.isAtEnd) throw damaged(`${part.entries} entries are followed by more bytes`)
  keys.leave()
}
