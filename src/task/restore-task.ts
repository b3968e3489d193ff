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
import type { TaskRestore } from '../protocol/snapshot.ts'
import { readStateFile } from '../state/state-file.ts'
import { createStore } from '../storage/create-store.ts'
import type { ChainRuntime } from './chain-runtime.ts'
import { restoreOperators, restoreParts } from './chain-snapshot.ts'

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
  const operatorIds = new Set(operatorsOf(vertex.root).map((tree) => tree.operatorId))
  const store = createStore(restore.store)
  for (const { file } of restore.files) {
    const chunks = readStateFile(store, { file, operatorIds, keyGroups: { from, to } })
    for await (const chunk of chunks) {
      restoreParts(runtime, chunk, { ignoreUnclaimed: options.ignoreUnclaimedState })
    }
  }
  restoreOperators(runtime, restore.operators)
  // Whatever was between two operators of the chain passes again: who has seen it takes no notice.
  const watermarkMs = build.restoreInput(restore)
  if (watermarkMs > NO_TIME) runtime.watermark(watermarkMs)
}
