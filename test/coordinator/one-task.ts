/** A job of one task as the tests of its checkpoints see it: what begins, and what it says. */
import { RunningCheckpoint } from '../../src/coordinator/running-checkpoint.ts'
import type { FromTask } from '../../src/protocol/messages.ts'

const vertex = { id: 'v', name: 'v', parallelism: 1, maxParallelism: 1, operators: [], tasks: [0] }
const prepared = {
  job: { name: 'job' },
  execution: { tasks: [{ vertex: 0, subtask: 0 }], edges: [], vertices: [vertex] },
} as never

export function begun(checkpointId: number, triggeredMs: number): RunningCheckpoint {
  const nothing = { writtenBefore: 0, engine: '', waiting: [] }
  const options = { prepared, lineage: 'l', checkpointId, triggeredMs, attempt: 1, ...nothing }
  return new RunningCheckpoint(options)
}

export const acknowledged = (checkpointId: number): Extract<FromTask, { type: 'acknowledge' }> => ({
  type: 'acknowledge',
  attempt: 1,
  task: 0,
  checkpointId,
  snapshot: { operators: [], sinks: [], watermarkMs: 0, recordsSunk: 0, channels: [], files: [] },
  stats: {
    startDelayMs: 0,
    alignmentMs: 0,
    syncMs: 0,
    walkMs: 0,
    stepMsMax: 0,
    unaligned: false,
    processedInFlightBytes: 0,
    persistedInFlightBytes: 0,
  },
})
