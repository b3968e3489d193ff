/** Stand-in until the pool of threads is there. Threads: main. */
import type { StateChunk } from '../state/snapshot-contract.ts'
import { packStateFile } from '../state/state-file.ts'
import { checksumOf } from '../storage/checksum.ts'
import type { BlobHandle, StoreDescription } from '../storage/contract.ts'
import { createStore } from '../storage/create-store.ts'

export interface WriteStateFile {
  readonly store: StoreDescription
  readonly name: string
  readonly chunk: StateChunk
  readonly compress: boolean
}

export class SidePool {
  async writeStateFile({ store, name, chunk, compress }: WriteStateFile): Promise<BlobHandle> {
    const parts = packStateFile(chunk, { compress })
    await createStore(store).put(name, parts)
    const bytes = parts.reduce((sum, part) => sum + part.length, 0)
    return { name, bytes, crc32: checksumOf(parts) }
  }

  async close(): Promise<void> {}
}
