/**
 * Checkpoints of an inline run: in memory, as the very bytes that a directory would hold. What a
 * pool of threads does for a job in workers is done at once.
 * Threads: the caller's.
 */
import { checkpointName, METADATA_NAME } from '../checkpoint/checkpoint-names.ts'
import type { CheckpointMetadata } from '../checkpoint/metadata.ts'
import { decodeMetadata } from '../checkpoint/metadata.ts'
import type { CheckpointStorage } from '../coordinator/checkpoint-storage.ts'
import type { StateFile } from '../protocol/snapshot.ts'
import type { StateChunk } from '../state/snapshot-contract.ts'
import { packStateFile } from '../state/state-file.ts'
import { checksumOf } from '../storage/checksum.ts'
import type { StoreDescription } from '../storage/contract.ts'
import { createStore } from '../storage/create-store.ts'

export class InlineStorage implements CheckpointStorage {
  readonly description: StoreDescription = { kind: 'memory', blobs: new Map() }
  readonly #store = createStore(this.description)
  readonly #compress: boolean
  #written = 0

  constructor(compress: boolean) {
    this.#compress = compress
  }

  begin(): void {}

  async writeChunk(checkpointId: number, chunk: StateChunk): Promise<StateFile> {
    const parts = packStateFile(chunk, { compress: this.#compress })
    const name = `${checkpointName(checkpointId)}/state-${++this.#written}`
    const bytes = parts.reduce((sum, { length }) => sum + length, 0)
    await this.#store.put(name, parts)
    return { kind: 'blob', blob: { name, bytes, crc32: checksumOf(parts) } }
  }

  async publish(checkpointId: number, metadata: Uint8Array): Promise<void> {
    await this.#store.put(metadataName(checkpointId), [metadata])
  }

  /** As another process would read it. */
  async read(checkpointId: number): Promise<CheckpointMetadata> {
    const name = metadataName(checkpointId)
    return decodeMetadata(await this.#store.get(name), name)
  }

  async delete(checkpointId: number): Promise<void> {
    for (const { name } of await this.#store.list(`${checkpointName(checkpointId)}/`)) {
      await this.#store.delete(name)
    }
  }

  async record(): Promise<void> {}

  async finished(): Promise<void> {}

  async deleteAll(): Promise<void> {}
}

function metadataName(checkpointId: number): string {
  return `${checkpointName(checkpointId)}/${METADATA_NAME}`
}
