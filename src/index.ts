/**
 * The package `sluice`: what jobs are written with, and `runJob` for programs that embed them. A
 * worker imports this file too, so the coordinator is loaded at the first call only.
 */
export * from './api/index.ts'
export { SluiceError } from './base/errors.ts'
export type { Logger } from './base/log.ts'
export type {
  CheckpointCounts,
  CheckpointStats,
  CheckpointSummary,
  CheckpointUnderWay,
  Distribution,
  RestoredCheckpointStats,
  SubtaskCheckpointStats,
} from './checkpoint/checkpoint-stats.ts'
export type { CheckpointHold, HoldReason } from './checkpoint/holds.ts'
export type { CheckpointOptions, RestartOptions } from './coordinator/checkpoint-options.ts'
export type {
  CheckpointingChange,
  CheckpointingOptions,
  JobCheckpointing,
} from './coordinator/checkpointing-view.ts'
export type { Checkpoints } from './coordinator/checkpoints-view.ts'
export type {
  Bottleneck,
  ChainedOperatorMetrics,
  JobMetrics,
  SubtaskMetrics,
  SubtaskQueues,
  SubtaskRates,
} from './coordinator/metrics-view.ts'
export type { JobHandle, JobResult, JobStatus, RunOptions } from './coordinator/run-options.ts'
export type { BackpressureLevel } from './metrics/backpressure.ts'

import type { JobHandle, RunOptions } from './coordinator/run-options.ts'

/**
 * Runs a job module in worker threads of this process. Resolves when all its tasks run; rejects
 * with a `SluiceError` if it cannot start.
 *
 * `module` is a `file:` URL or a path, TypeScript or JavaScript; it is bundled once.
 *
 * @example
 * const job = await runJob(new URL('./job.ts', import.meta.url), { parallelism: 2 })
 * for await (const row of job.collect('counts')) console.log(row)
 * await job.finished
 */
export async function runJob(module: URL | string, options?: RunOptions): Promise<JobHandle> {
  const { runJob: run } = await import('./coordinator/run-job.ts')
  return run(module, options)
}
