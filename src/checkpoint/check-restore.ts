/**
 * Whether a job can take over a checkpoint at all: nothing of it is left out unasked, and keyed
 * state keeps its number of key groups.
 * Threads: main; pure functions.
 */
import { SluiceError } from '../base/errors.ts'
import type { ExecutionGraph, ExecutionVertex } from '../graph/execution-graph.ts'
import { edgesFound } from './edges-found.ts'
import type { StoredCheckpoint, StoredOperator, StoredState, StoredVertex } from './stored-state.ts'

/** Throws STATE_UNCLAIMED for state of operators that the job does not have. */
export function checkClaimed({ checkpoint }: StoredState, graph: ExecutionGraph): void {
  const claimed = new Set(graph.vertices.flatMap((vertex) => vertex.operators.map(({ id }) => id)))
  const unclaimed = checkpoint.vertices.flatMap((vertex) =>
    vertex.operators.filter(
      (operator) =>
        !claimed.has(operator.operatorId) && hasContent(checkpoint, { vertex, operator }),
    ),
  )
  if (unclaimed.length === 0) return
  const told = unclaimed.map(described).join(', ')
  throw new SluiceError(
    'STATE_UNCLAIMED',
    `checkpoint ${checkpoint.checkpointId} holds state of operators that the job has not: ${told}`,
    {
      hint:
        'give each the uid it had (an operator without one is told by what it reads); or leave ' +
        'their state out: -D execution.state-recovery.ignore-unclaimed-state=true',
    },
  )
}

/** Throws RESTORE_MAX_PARALLELISM where keys would fall into other groups than they did. */
export function checkKeyGroups(state: StoredState, graph: ExecutionGraph): void {
  for (const vertex of graph.vertices) {
    for (const { id, name } of vertex.operators) {
      const stored = state.headedBy(id)
      if (stored === undefined || !hasFiles(stored)) continue
      if (stored.maxParallelism === vertex.maxParallelism) continue
      throw otherKeyGroups(name, { vertex, stored })
    }
  }
}

/** Throws RESTORE_KEY where records are brought together by another field than they were. */
export function checkKeys(state: StoredState, graph: ExecutionGraph): void {
  for (const vertex of graph.vertices) {
    const stored = state.headedBy(vertex.operators[0]!.id)
    if (stored === undefined || !holdsByKey(stored)) continue
    for (const { edge, before } of edgesFound(stored, { graph, vertex: vertex.index })) {
      const { keyField: is } = edge
      const { keyField: was } = before
      if (is !== undefined && was !== undefined && is !== was) throw otherKey(vertex, { is, was })
    }
  }
}

function holdsByKey(stored: StoredVertex): boolean {
  return hasFiles(stored) || stored.tasks.some(({ inFlight = [] }) => inFlight.length > 0)
}

interface Place {
  readonly vertex: StoredVertex
  readonly operator: StoredOperator
}

function hasContent(checkpoint: StoredCheckpoint, place: Place): boolean {
  const { vertex, operator } = place
  const isHead = vertex.operators[0] === operator
  return (
    (isHead && (hasFiles(vertex) || hasSplits(checkpoint, place))) ||
    hasOperatorState(place) ||
    hasCommittables(checkpoint, place)
  )
}

function hasFiles({ tasks }: StoredVertex): boolean {
  return tasks.some(({ files }) => files.length > 0)
}

function hasSplits(checkpoint: StoredCheckpoint, { vertex, operator }: Place): boolean {
  const unassigned = checkpoint.sources.some(
    ({ operatorId, splits }) => operatorId === operator.operatorId && splits.length > 0,
  )
  return unassigned || vertex.tasks.some(({ source }) => (source?.splits.length ?? 0) > 0)
}

function hasOperatorState({ vertex, operator: { operatorId, kind } }: Place): boolean {
  // Watermarks are found anew from the records.
  if (kind === 'watermarks') return false
  return vertex.tasks
    .flatMap(({ operators }) => operators)
    .filter((operator) => operator.operatorId === operatorId)
    .some(({ own, lists }) => own !== undefined || lists.some(({ items }) => items.length > 0))
}

function hasCommittables(checkpoint: StoredCheckpoint, { vertex, operator }: Place): boolean {
  return [...checkpoint.committables, ...vertex.tasks.flatMap(({ sinks }) => sinks)].some(
    ({ operatorId, committables }) => operatorId === operator.operatorId && committables.length > 0,
  )
}

function described({ name, uid, operatorId }: StoredOperator): string {
  return `'${name}' (${uid === undefined ? `id ${operatorId}` : `uid '${uid}'`})`
}

function otherKey(
  { operators }: ExecutionVertex,
  { is, was }: { readonly is: string; readonly was: string },
): SluiceError {
  const { name } = operators[0]!
  return new SluiceError(
    'RESTORE_KEY',
    `the checkpoint holds what '${name}' keeps by the field '${was}', and it is keyed by ` +
      `'${is}' now`,
    {
      operator: name,
      hint:
        `if '${is}' is another name for the same, write keyBy((record) => record.${is}); ` +
        'otherwise give the operator another uid, and it begins without state',
    },
  )
}

function otherKeyGroups(
  name: string,
  { vertex, stored }: { readonly vertex: ExecutionVertex; readonly stored: StoredVertex },
): SluiceError {
  const { maxParallelism } = stored
  const keep = `keep the one it was written with: -D pipeline.max-parallelism=${maxParallelism}`
  const lower = `, and a parallelism of no more than that`
  return new SluiceError(
    'RESTORE_MAX_PARALLELISM',
    `the checkpoint holds the state of '${name}' with a maximum parallelism of ` +
      `${maxParallelism}, and it has ${vertex.maxParallelism} now`,
    { operator: name, hint: vertex.parallelism > maxParallelism ? keep + lower : keep },
  )
}
