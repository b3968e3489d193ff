/**
 * Where the checkpoints of one job lie, as the coordinator uses it: a directory that outlives the
 * process, or memory that serves restarts within it.
 * Threads: main.
 */

import { SluiceError } from '../base/errors.ts'
import { checkpointName, METADATA_NAME } from '../checkpoint/checkpoint-names.ts'
import type { JobDirectory } from '../checkpoint/job-directory.ts'
import type { StateFile } from '../protocol/snapshot.ts'
import type { StateChunk } from '../state/snapshot-contract.ts'
import { chunkBytes, packStateBlob } from '../state/state-file.ts'
import type { BlobStore, StoreDescription } from '../storage/contract.ts'
import { createStore } from '../storage/create-store.ts'
import type { SidePool } from './side-pool.ts'

export interface CheckpointStorage {
  /** How tasks read what was written. */
  readonly description: StoreDescription
  /** A checkpoint was triggered: whatever can be prepared for it is, while tasks are at theirs. */
  begin(checkpointId: number): void
  /** Packs a task's state and writes it as a blob of the checkpoint, unless it is short. */
  writeChunk(checkpointId: number, chunk: StateChunk): Promise<StateFile>
  /** Makes a checkpoint exist, durably. Throws if one of that id does. */
  publish(checkpointId: number, metadata: Uint8Array): Promise<void>
  /** Metadata first. No error for one that is not there. */
  delete(checkpointId: number): Promise<void>
  /** One line of the history that outlives the process. */
  record(entry: Readonly<Record<string, unknown>>): Promise<void>
  /** From now on the job has finished, whatever lies there still. */
  finished(): Promise<void>
  /** Nothing will be restored any more. */
  deleteAll(): Promise<void>
}

interface WriterOptions {
  readonly pool: SidePool
  readonly compress: boolean
  /** A state file that is no longer goes into the metadata. */
  readonly inlineBytesMax: number
}

/** Less state than this is written by the main thread: to start others would take longer. */
const SMALL_BYTES = 256 << 10

/** Blobs of one store, named by checkpoint. */
class BlobWriter {
  readonly #store: BlobStore
  readonly #description: StoreDescription
  readonly #options: WriterOptions
  #written = 0

  constructor(description: StoreDescription, options: WriterOptions) {
    this.#description = description
    this.#store = createStore(description)
    this.#options = options
  }

  write(checkpointId: number, chunk: StateChunk): Promise<StateFile> {
    const { pool, compress, inlineBytesMax } = this.#options
    const name = `${checkpointName(checkpointId)}/state-${++this.#written}`
    if (!compress && chunkBytes(chunk) < SMALL_BYTES) return this.#writeHere(name, chunk)
    const store = this.#description
    return pool.writeStateFile({ store, name, chunk, compress, inlineBytesMax })
  }

  async #writeHere(name: string, chunk: StateChunk): Promise<StateFile> {
    const { parts, blob } = packStateBlob(name, chunk, { compress: false })
    await this.#store.put(name, parts)
    return { kind: 'blob', blob }
  }

  async publish(checkpointId: number, metadata: Uint8Array): Promise<void> {
    const name = `${checkpointName(checkpointId)}/${METADATA_NAME}`
    if (await this.#store.putIfAbsent(name, metadata)) return
    throw new SluiceError('CHECKPOINT_EXISTS', `${name} is there already`, {
      place: name,
      hint: 'two jobs write to one checkpoint directory: give each its own',
    })
  }

  async deleteAll(prefix: string): Promise<void> {
    for (const { name } of await this.#store.list(prefix)) await this.#store.delete(name)
  }
}

export function directoryStorage(
  directory: JobDirectory,
  options: WriterOptions,
): CheckpointStorage {
  const blobs = new BlobWriter(directory.description, options)
  const folders = new Map<number, Promise<void>>()
  return {
    description: directory.description,
    begin(checkpointId) {
      const made = directory.makeFolder(checkpointId)
      // Told by `publish`.
      made.catch(() => {})
      folders.set(checkpointId, made)
    },
    writeChunk: (checkpointId, chunk) => blobs.write(checkpointId, chunk),
    async publish(checkpointId, metadata) {
      await folders.get(checkpointId)
      await blobs.publish(checkpointId, metadata)
      folders.delete(checkpointId)
    },
    async delete(checkpointId) {
      // Or it would be made behind the deletion.
      await Promise.allSettled([folders.get(checkpointId)])
      folders.delete(checkpointId)
      await directory.deleteCheckpoint(checkpointId)
    },
    record: (entry) => directory.history.append(entry),
    finished: () => directory.update({ status: 'finished' }),
    deleteAll: async () => {
      // The newest last: after a crash on the way an older one would be taken for the latest.
      const newestFirst = await directory.listCheckpoints()
      for (const { id } of newestFirst.toReversed()) await directory.deleteCheckpoint(id)
      await directory.cleanUp([])
    },
  }
}

export function memoryStorage(options: WriterOptions): CheckpointStorage {
  const description: StoreDescription = { kind: 'memory', blobs: new Map() }
  const blobs = new BlobWriter(description, options)
  return {
    description,
    begin: () => {},
    writeChunk: (checkpointId, chunk) => blobs.write(checkpointId, chunk),
    publish: (checkpointId, metadata) => blobs.publish(checkpointId, metadata),
    delete: (checkpointId) => blobs.deleteAll(`${checkpointName(checkpointId)}/`),
    record: async () => {},
    finished: async () => {},
    deleteAll: () => blobs.deleteAll(''),
  }
}
