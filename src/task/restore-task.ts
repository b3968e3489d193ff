/**
 * Brings a new subtask to where a checkpoint left the old ones: keyed state, lists, the operators'
 * own, event time. Between `open` and the first step.
 * Threads: the task.
 */

import { keyGroupRange } from '../codec/key-groups.ts'
import { NO_TIME } from '../codec/page.ts'
import type { JobVertex } from '../graph/job-graph.ts'
import { operatorsOf } from '../graph/job-graph.ts'
import type { JobOptions } from '../graph/options.ts'
import type { StateFile, TaskRestore } from '../protocol/snapshot.ts'
import type { StateFileSource } from '../state/state-file-reader.ts'
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
  const { restore, runtime, vertex, options } = build
  const { maxParallelism, parallelism } = vertex
  const [from, to] = keyGroupRange(build.subtask, maxParallelism, parallelism)
  const operatorIds = operatorsOf(vertex.root).map((tree) => tree.operatorId)
  const store = createStore(restore.store)
  for (const file of restore.files) {
    const reader = await openStateFile(sourceOf(file, { store, restore }))
    for await (const part of reader.parts({ operatorIds, from, to })) {
      const section = reader.sections[part.section]!
      restorePart(runtime, { section, part, ignoreUnclaimed: options.ignoreUnclaimedState })
    }
  }
  restoreOperators(runtime, restore.operators)
  // Whatever was between two operators of the chain passes again: who has seen it takes no notice.
  const watermarkMs = build.restoreInput(restore)
  if (watermarkMs > NO_TIME) runtime.watermark(watermarkMs)
}

function sourceOf(
  file: StateFile,
  { store, restore }: { readonly store: BlobStore; readonly restore: TaskRestore },
): StateFileSource {
  if (file.kind === 'blob') return blobStateFile(store, file.blob)
  return inlineStateFile(file.bytes, `the metadata of checkpoint ${restore.checkpointId}`)
}
