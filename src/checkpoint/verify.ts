/**
 * Whether a checkpoint can be restored: that all its files are there and are what was written.
 * Before a restore only sizes and checksums are looked at; a person who asks is told every block.
 * Threads: main; reading is up to whoever checks a blob.
 */
import type { SluiceError } from '../base/errors.ts'
import type { StateFile, TaskSnapshot } from '../protocol/snapshot.ts'
import { type CheckDepth, checkBlocks, checkStateBlob } from '../state/check-state-file.ts'
import type { BlobHandle, BlobInfo, BlobStore } from '../storage/contract.ts'
import { blobMissing, checkpointDamaged } from '../storage/storage-errors.ts'
import { METADATA_NAME } from './checkpoint-names.ts'
import type { CheckpointMetadata } from './metadata.ts'
import { readCheckpoint } from './retained-checkpoints.ts'

export interface VerifyOptions {
  readonly depth: CheckDepth
  /** Where blobs are read: by default here, one after the other. */
  readonly checkBlob?: (blob: BlobHandle, depth: CheckDepth) => Promise<readonly SluiceError[]>
  /** How many at a time. */
  readonly concurrency?: number
}

export interface Verification {
  /** Each names its file in `place`. None: it can be restored. */
  readonly problems: readonly SluiceError[]
  /** Blobs in its folder that it does not name: of no harm, and of no use. */
  readonly extras: readonly BlobInfo[]
  readonly files: number
  readonly bytes: number
}

/** All that is wrong with checkpoint `id` of the store; the list is empty if nothing is. */
export async function verifyCheckpoint(
  store: BlobStore,
  id: number,
  options: VerifyOptions,
): Promise<Verification> {
  const { name, metadata, ...failed } = await readCheckpoint(store, id)
  const found = await store.list(`${name}/`)
  if (metadata === undefined) {
    const { error } = failed as { error: SluiceError }
    return { problems: [error], extras: [], files: 0, bytes: 0 }
  }
  const blobs = blobsOf(metadata)
  const named = new Set([`${name}/${METADATA_NAME}`, ...blobs.map((blob) => blob.name)])
  const inFiles = await checkBlobs({ store, blobs, sizes: sizesOf(found) }, options)
  const inline = options.depth === 'blocks' ? await checkInline(metadata, name) : []
  return {
    problems: [...inline, ...inFiles],
    extras: found.filter((blob) => !named.has(blob.name)),
    files: blobs.length,
    bytes: blobs.reduce((sum, { bytes }) => sum + bytes, 0),
  }
}

/** Every blob that the checkpoint cannot do without, once. */
export function blobsOf(metadata: CheckpointMetadata): readonly BlobHandle[] {
  const blobs = new Map<string, BlobHandle>()
  for (const { tasks } of metadata.vertices) {
    for (const file of tasks.flatMap(stateFilesOf)) {
      if (file.kind === 'blob') blobs.set(file.blob.name, file.blob)
    }
  }
  return [...blobs.values()]
}

/** Keyed state and in-flight data. */
export function stateFilesOf({ files, inFlight = [] }: TaskSnapshot): readonly StateFile[] {
  return [...files, ...inFlight]
}

interface Checked {
  readonly store: BlobStore
  readonly blobs: readonly BlobHandle[]
  /** Of what lies in the checkpoint's folder. */
  readonly sizes: ReadonlyMap<string, number>
}

async function checkBlobs(
  checked: Checked,
  options: VerifyOptions,
): Promise<readonly SluiceError[]> {
  const { store, blobs } = checked
  const {
    depth,
    checkBlob = (blob) => checkStateBlob(store, blob, depth),
    concurrency = 1,
  } = options
  const problems: (readonly SluiceError[])[] = []
  let next = 0
  const work = async (): Promise<void> => {
    for (let i = next++; i < blobs.length; i = next++) {
      const blob = blobs[i]!
      const wrong = wrongSize(blob, await sizeOf(blob, checked))
      problems[i] = wrong === undefined ? await checkBlob(blob, depth) : [wrong]
    }
  }
  await Promise.all(Array.from({ length: concurrency }, work))
  return problems.flat()
}

/** Most blobs lie in the checkpoint's own folder, which was listed once. */
async function sizeOf({ name }: BlobHandle, { store, sizes }: Checked) {
  return sizes.get(name) ?? sizesOf(await store.list(name)).get(name)
}

/** Missing or of another size: no need to read it. */
function wrongSize(blob: BlobHandle, found: number | undefined): SluiceError | undefined {
  if (found === undefined) return blobMissing(blob.name)
  if (found === blob.bytes) return undefined
  return checkpointDamaged(blob.name, `has ${found} bytes instead of ${blob.bytes}`)
}

function sizesOf(found: readonly BlobInfo[]): ReadonlyMap<string, number> {
  return new Map(found.map(({ name, bytes }) => [name, bytes]))
}

async function checkInline(
  metadata: CheckpointMetadata,
  name: string,
): Promise<readonly SluiceError[]> {
  const problems: SluiceError[] = []
  for (const vertex of metadata.vertices) {
    for (const [subtask, task] of vertex.tasks.entries()) {
      for (const file of stateFilesOf(task)) {
        if (file.kind === 'blob') continue
        const place = `${name}/${METADATA_NAME} (${vertex.name}, subtask ${subtask})`
        problems.push(...(await checkBlocks(file.bytes, place)))
      }
    }
  }
  return problems
}
