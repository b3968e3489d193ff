/**
 * Brings a new subtask to where a checkpoint left the old ones: keyed state, lists, the operators'
 * own, event time. Between `open` and the first step.
 * Threads: the task.
 */

import { ahead } from '../base/ahead.ts'
import { keyGroupRange } from '../codec/key-groups.ts'
import { NO_TIME } from '../codec/page.ts'
import type { JobVertex } from '../graph/job-graph.ts'
import { operatorsOf } from '../graph/job-graph.ts'
import type { JobOptions } from '../graph/options.ts'
import type { StateFile, TaskRestore } from '../protocol/snapshot.ts'
import type { PartsWanted, StateFileReader, StateFileSource } from '../state/state-file-reader.ts'
import { blobStateFile, inlineStateFile, openStateFile } from '../state/state-file-reader.ts'
import type { BlobStore } from '../storage/contract.ts'
import { createStore } from '../storage/create-store.ts'
import type { ChainRuntime } from './chain-runtime.ts'
import { restoreOperators, restorePart } from './chain-snapshot.ts'

export interface RestoreTaskOptions {
  readonly restore: TaskRestore
  readonly runtime: ChainRuntime
  readonly vertex: JobVertex
  readonly subtask: number
  readonly options: JobOptions
  /** Gives the input its channels' event times; returns what they come to together. */
  readonly restoreInput: (restore: TaskRestore) => number
}

export async function restoreTask(build: RestoreTaskOptions): Promise<void> {
  const { restore, runtime } = build
  await restoreFiles(build)
  restoreOperators(runtime, restore.operators)
  // Whatever was between two operators of the chain passes again: who has seen it takes no notice.
  const watermarkMs = build.restoreInput(restore)
  if (watermarkMs > NO_TIME) runtime.watermark(watermarkMs)
}

async function restoreFiles({ restore, runtime, vertex, ...build }: RestoreTaskOptions) {
  const { maxParallelism, parallelism } = vertex
  const [from, to] = keyGroupRange(build.subtask, maxParallelism, parallelism)
  const operatorIds = operatorsOf(vertex.root).map((tree) => tree.operatorId)
  const wanted: PartsWanted = { operatorIds, from, to }
  const { ignoreUnclaimedState: ignoreUnclaimed } = build.options
  const store = createStore(restore.store)
  const readers: StateFileReader[] = []
  const open = (file: StateFile) => () => openStateFile(sourceOf(file, { store, restore }))
  for await (const reader of ahead(restore.files.map(open))) readers.push(reader)
  reserveKeys(runtime, { readers, wanted })
  const reads = readers.flatMap((reader) =>
    reader.reads(wanted).map((read) => async () => ({ reader, parts: await read.fetch() })),
  )
  for await (const { reader, parts } of ahead(reads)) {
    for (const part of parts) {
      restorePart(runtime, { section: reader.sections[part.section]!, part, ignoreUnclaimed })
    }
  }
}

interface Files {
  readonly readers: readonly StateFileReader[]
  readonly wanted: PartsWanted
}

/** As many keys as the largest state has that keeps one entry a key. */
function reserveKeys(runtime: ChainRuntime, { readers, wanted }: Files): void {
  const counts = new Map<string, { readonly operatorId: string; entries: number }>()
  for (const reader of readers) {
    reader.entries(wanted).forEach((entries, index) => {
      const { operatorId, kind, name } = reader.sections[index]!
      if (kind !== 'value' && kind !== 'list') return
      const id = JSON.stringify([operatorId, kind, name])
      const count = counts.get(id) ?? { operatorId, entries: 0 }
      count.entries += entries
      counts.set(id, count)
    })
  }
  runtime.forEachNode((node) => {
    const own = [...counts.values()].filter(({ operatorId }) => operatorId === node.operatorId)
    const keys = Math.max(0, ...own.map(({ entries }) => entries))
    if (keys > 0) runtime.state.keyed(node)?.reserve(keys)
  })
}

export function sourceOf(
  file: StateFile,
  { store, restore }: { readonly store: BlobStore; readonly restore: TaskRestore },
): StateFileSource {
  if (file.kind === 'blob') return blobStateFile(store, file.blob)
  return inlineStateFile(file.bytes, `the metadata of checkpoint ${restore.checkpointId}`)
}
