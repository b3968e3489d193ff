/**
 * Deals the state of a checkpoint out to the tasks of a job, which may have other chains, another
 * parallelism, and operators more or less. Operators are found again by their ids.
 * Threads: main; pure functions.
 */
import { assert } from '../base/assert.ts'
import type { ExecutionGraph, ExecutionVertex } from '../graph/execution-graph.ts'
import type { OperatorRestore, TaskRestore } from '../protocol/snapshot.ts'
import type { StoreDescription } from '../storage/contract.ts'
import { assignChannels } from './assign-channels.ts'
import { assignInFlight, checkInFlightClaimed } from './assign-in-flight.ts'
import {
  assignOperator,
  assignSplits,
  filesFor,
  inputWatermark,
  type SourceRestore,
} from './assign-operators.ts'
import { checkClaimed, checkKeyGroups, checkKeys } from './check-restore.ts'
import { type StoredCheckpoint, StoredState } from './stored-state.ts'

export interface RestoringJob {
  readonly graph: ExecutionGraph
  /** Where the checkpoint's files lie. */
  readonly store: StoreDescription
  /** State of operators that are not in the job is left out. */
  readonly ignoreUnclaimedState: boolean
}

export interface StateAssignment {
  /** By the index of the task. */
  readonly tasks: readonly TaskRestore[]
  /** By the id of the source's operator; one that is not among them begins from its start. */
  readonly sources: ReadonlyMap<string, SourceRestore>
}

/**
 * Throws STATE_UNCLAIMED, RESTORE_KEY, RESTORE_MAX_PARALLELISM or RESTORE_IN_FLIGHT where the job
 * cannot take the state over.
 */
export function assignState(checkpoint: StoredCheckpoint, job: RestoringJob): StateAssignment {
  const state = new StoredState(checkpoint)
  if (!job.ignoreUnclaimedState) {
    checkClaimed(state, job.graph)
    checkInFlightClaimed(state, job.graph)
  }
  checkKeys(state, job.graph)
  checkKeyGroups(state, job.graph)
  return {
    tasks: job.graph.vertices.flatMap((vertex) => tasksOf(vertex, { state, job })),
    sources: new Map(
      job.graph.vertices.flatMap((vertex) => {
        const source = sourceOf(vertex, state)
        return source === undefined ? [] : [[vertex.operators[0]!.id, source] as const]
      }),
    ),
  }
}

function tasksOf(
  vertex: ExecutionVertex,
  { state, job }: { readonly state: StoredState; readonly job: RestoringJob },
): readonly TaskRestore[] {
  const { parallelism } = vertex
  const head = vertex.operators[0]!.id
  const isRescaled = isAnyRescaled(state, job.graph)
  const operators = operatorsOf(vertex, { state, isRescaled })
  const restored = { graph: job.graph, vertex: vertex.index, isRescaled }
  const channelsOf = assignChannels(state, restored)
  const inFlightOf = assignInFlight(state, restored)
  const stored = state.headedBy(head)
  const pinned = sourceOf(vertex, state)?.pinned
  return vertex.tasks.map((task, subtask) => ({
    checkpointId: state.checkpoint.checkpointId,
    store: job.store,
    files: stored === undefined ? [] : filesFor(subtask, { stored, parallelism }),
    operators: operators.map((restored) => restored[subtask]!),
    channels: channelsOf(task),
    watermarkMs: stored && inputWatermark(subtask, { stored, isRescaled }),
    inFlight: inFlightOf(subtask),
    splits: pinned?.[subtask],
  }))
}

/** For each operator that was in the checkpoint, its state by subtask. */
function operatorsOf(
  { operators, parallelism }: ExecutionVertex,
  { state, isRescaled }: { readonly state: StoredState; readonly isRescaled: boolean },
): readonly (readonly OperatorRestore[])[] {
  return operators.flatMap(({ id }) => {
    const stored = state.vertexOf(id)
    return stored === undefined ? [] : [assignOperator(id, { stored, parallelism, isRescaled })]
  })
}

/** Then splits move between tasks, and who had come to the end may get more to read. */
function isAnyRescaled(state: StoredState, { vertices }: ExecutionGraph): boolean {
  return vertices.some(({ operators, parallelism }) => {
    const stored = state.headedBy(operators[0]!.id)
    return stored !== undefined && stored.parallelism !== parallelism
  })
}

function sourceOf(
  { operators, parallelism }: ExecutionVertex,
  state: StoredState,
): SourceRestore | undefined {
  const { id } = operators[0]!
  const stored = state.headedBy(id)
  if (!stored?.tasks.some(({ source }) => source !== undefined)) return undefined
  const source = state.sourceOf(id)
  // To begin with all of its splits anew would count their records twice.
  assert(source !== undefined, `the checkpoint tells only half of source ${id}`)
  return assignSplits(source, { stored, parallelism })
}
