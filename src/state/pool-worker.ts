/**
 * What the side pool's threads do: packing state into files, writing and checking them. Errors
 * travel as data, since their own properties do not survive the way.
 * Threads: the side pool's.
 */
import { type ErrorData, errorToData } from '../base/errors.ts'
import type { BlobHandle, StoreDescription } from '../storage/contract.ts'
import { createStore } from '../storage/create-store.ts'
import { type CheckDepth, checkStateBlob } from './check-state-file.ts'
import type { StateChunk } from './snapshot-contract.ts'
import { packStateBlob } from './state-file.ts'

export interface WriteStateFile {
  /** 'here': the bytes go back, to a store that only the asking thread can write to. */
  readonly store: StoreDescription | 'here'
  readonly name: string
  readonly chunk: StateChunk
  readonly compress: boolean
  /** A file that is no longer goes back instead, as it is. */
  readonly inlineBytesMax: number
}

export interface CheckBlob {
  readonly store: StoreDescription
  readonly blob: BlobHandle
  readonly depth: CheckDepth
}

export interface WrittenStateFile {
  readonly blob: BlobHandle
  /** Where it was not written. Shared, so that it is not copied on the way. */
  readonly bytes?: SharedArrayBuffer
}

export type Outcome<T> = { readonly value: T } | { readonly error: ErrorData }

export function writeStateFile(job: WriteStateFile): Promise<Outcome<WrittenStateFile>> {
  return outcomeOf(async () => {
    const options = { compress: job.compress, compressInFlight: true }
    const { parts, blob } = packStateBlob(job.name, job.chunk, options)
    if (job.store === 'here' || blob.bytes <= job.inlineBytesMax) {
      return { blob, bytes: joined(parts, blob.bytes) }
    }
    await createStore(job.store).put(job.name, parts)
    return { blob }
  })
}

export function checkBlob(job: CheckBlob): Promise<Outcome<readonly ErrorData[]>> {
  return outcomeOf(async () => {
    const found = await checkStateBlob(createStore(job.store), job.blob, job.depth)
    return found.map((error) => errorToData(error))
  })
}

async function outcomeOf<T>(action: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await action() }
  } catch (error) {
    return { error: errorToData(error) }
  }
}

function joined(parts: readonly Uint8Array[], bytes: number): SharedArrayBuffer {
  const shared = new SharedArrayBuffer(bytes)
  let at = 0
  for (const part of parts) {
    new Uint8Array(shared, at, part.length).set(part)
    at += part.length
  }
  return shared
}
