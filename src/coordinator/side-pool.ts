/**
 * Two threads for work that would hold up the main thread or a task: packing, compressing, writing
 * and checking state files. Started when first needed; idle, they keep no process alive.
 * Threads: main.
 */
import type { Piscina } from 'piscina'
import { errorFromData, type SluiceError } from '../base/errors.ts'
import type { StateFile } from '../protocol/snapshot.ts'
import type { CheckDepth } from '../state/check-state-file.ts'
import type { CheckBlob, Outcome, WriteStateFile, WrittenStateFile } from '../state/pool-worker.ts'
import type { StateChunk } from '../state/snapshot-contract.ts'
import type { BlobHandle, StoreDescription } from '../storage/contract.ts'
import { createStore } from '../storage/create-store.ts'
import { storageFailed } from '../storage/storage-errors.ts'

const THREADS_MAX = 2
/** A thread packs others while the disk syncs one: syncs at the same time cost little more. */
const FILES_AT_A_TIME = 4
const CLOSED = 'the job is being closed'

export interface StateFileToWrite {
  readonly store: StoreDescription
  readonly name: string
  readonly chunk: StateChunk
  readonly compress: boolean
  /** A file that is no longer, compressed, is not written but returned. */
  readonly inlineBytesMax: number
}

interface Started {
  readonly pool: Piscina
  /** Rejects when a thread dies outside of any job, as one does that cannot be started. */
  readonly failed: Promise<never>
}

export class SidePool {
  #started: Promise<Started> | undefined
  #isClosed = false

  /** Resolves when the file is durable, unless it is to be kept inline. */
  async writeStateFile(file: StateFileToWrite): Promise<StateFile> {
    const { store, ...job } = file
    const target = store.kind === 'memory' ? 'here' : store
    const toWrite: WriteStateFile = { store: target, ...job }
    try {
      const { blob, bytes } = await this.#run<WrittenStateFile>('writeStateFile', toWrite)
      if (bytes !== undefined) {
        if (blob.bytes <= file.inlineBytesMax) return { kind: 'inline', bytes: copyOf(bytes) }
        await createStore(store).put(file.name, [new Uint8Array(bytes)])
      }
      return { kind: 'blob', blob }
    } catch (cause) {
      throw storageFailed(file.name, 'written', cause)
    }
  }

  /** Everything that is wrong with the blob; nothing for a good one. */
  async checkBlob(
    store: StoreDescription,
    blob: BlobHandle,
    depth: CheckDepth,
  ): Promise<readonly SluiceError[]> {
    const job: CheckBlob = { store, blob, depth }
    try {
      const found = await this.#run<readonly Parameters<typeof errorFromData>[0][]>(
        'checkBlob',
        job,
      )
      return found.map((data) => errorFromData(data) as SluiceError)
    } catch (cause) {
      throw storageFailed(blob.name, 'checked', cause)
    }
  }

  /** Ends its threads; what they had not finished is rejected. Resolves when they are gone. */
  async close(): Promise<void> {
    this.#isClosed = true
    const started = this.#started
    this.#started = undefined
    await started?.then(
      ({ pool }) => pool.destroy(),
      () => undefined,
    )
  }

  /** Once a thread has died on its own the pool is of no use; the next job starts another. */
  async #start(): Promise<Started> {
    const pool = await createPool()
    const failed = new Promise<never>((_, reject) => {
      pool.on('error', (error) => {
        this.#started = undefined
        reject(error)
        void pool.destroy()
      })
    })
    // Jobs that wait for it tell; without any, there is nothing to tell.
    failed.catch(() => undefined)
    return { pool, failed }
  }

  async #run<T>(name: string, job: unknown): Promise<T> {
    if (this.#isClosed) throw new Error(CLOSED)
    this.#started ??= this.#start()
    const { pool, failed } = await this.#started.catch((error: unknown) => {
      this.#started = undefined
      throw error
    })
    // A pool that has been destroyed would start new threads.
    if (this.#isClosed) throw new Error(CLOSED)
    const outcome: Outcome<T> = await Promise.race([pool.run(job, { name }), failed])
    if ('error' in outcome) throw errorFromData(outcome.error)
    return outcome.value
  }
}

/** Of its own: not all that encodes metadata takes shared memory. */
function copyOf(bytes: SharedArrayBuffer): Uint8Array {
  return new Uint8Array(bytes).slice()
}

async function createPool(): Promise<Piscina> {
  const { Piscina } = await import('piscina')
  return new Piscina({
    filename: new URL('../state/pool-worker.js', import.meta.url).href,
    minThreads: 0,
    maxThreads: THREADS_MAX,
    concurrentTasksPerWorker: FILES_AT_A_TIME,
    idleTimeout: Number.POSITIVE_INFINITY,
    atomics: 'disabled',
    recordTiming: false,
    execArgv: [],
  })
}
