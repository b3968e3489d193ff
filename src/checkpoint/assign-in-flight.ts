/**
 * In-flight data of a checkpoint for the tasks of a job. Where an edge joins as many subtasks as it
 * did, each channel gets what it had; otherwise records are dealt out anew, as the edge would.
 * Threads: main; pure functions.
 */
import { SluiceError } from '../base/errors.ts'
import type { ExecutionEdge, ExecutionGraph } from '../graph/execution-graph.ts'
import type { InFlightRestore, TaskSnapshot } from '../protocol/snapshot.ts'
import { edgesFound } from './edges-found.ts'
import type { StoredEdge, StoredState, StoredVertex } from './stored-state.ts'

/** A vertex of the new job. */
interface Restored {
  readonly graph: ExecutionGraph
  readonly vertex: number
  /** Whether any vertex has another parallelism than it had: then event times move. */
  readonly isRescaled: boolean
}

interface Found {
  readonly edge: ExecutionEdge
  readonly before: StoredEdge
  readonly stored: StoredVertex
}

/** What a subtask takes over. Throws RESTORE_IN_FLIGHT where nobody could say which. */
export function assignInFlight(
  state: StoredState,
  restored: Restored,
): (subtask: number) => readonly InFlightRestore[] {
  const { graph, vertex } = restored
  const stored = state.headedBy(graph.vertices[vertex]!.operators[0]!.id)
  if (stored === undefined) return () => []
  const assigned = edgesFound(stored, { graph, vertex })
    .filter(({ before }) => hasInFlight(stored, before.edge))
    .map(({ edge, before }) => assignEdge({ edge, before, stored }, restored))
  return (subtask) => assigned.flatMap((of) => of(subtask))
}

/** Throws RESTORE_IN_FLIGHT for records on their way where the job has no such way. */
export function checkInFlightClaimed(state: StoredState, graph: ExecutionGraph): void {
  for (const stored of state.checkpoint.vertices) {
    const vertex = graph.vertices.find(
      ({ operators }) => operators[0]!.id === stored.operators[0]!.operatorId,
    )
    const found = vertex === undefined ? [] : edgesFound(stored, { graph, vertex: vertex.index })
    const claimed = new Set(found.map(({ before }) => before.edge))
    for (const { edge } of stored.inputs) {
      if (claimed.has(edge) || !hasInFlight(stored, edge)) continue
      throw refused(
        `checkpoint ${state.checkpoint.checkpointId} holds records on their way from ` +
          `${producerOf(state, stored, edge)} to '${stored.name}' by an exchange that the job ` +
          `does not have`,
      )
    }
  }
}

function assignEdge(
  found: Found,
  { graph, isRescaled }: Restored,
): (subtask: number) => readonly InFlightRestore[] {
  const { edge, before, stored } = found
  const common = { edge: edge.index, edgeBefore: before.edge, keepsMarks: !isRescaled }
  const filesOf = (task: TaskSnapshot | undefined) =>
    task !== undefined && isOnItsWay(task, before.edge) ? (task.inFlight ?? []) : []
  if (isSame(found, graph)) {
    return (subtask) => some({ ...common, how: 'own', files: filesOf(stored.tasks[subtask]) })
  }
  const dealt = { ...common, keepsMarks: false }
  const dealtBy = redistributionOf(found, graph)
  switch (dealtBy) {
    case 'channels':
      return (subtask) => {
        const { parallelism } = graph.vertices[edge.to]!
        const own = stored.tasks.filter((_, before) => before % parallelism === subtask)
        return some({ ...dealt, how: 'all', files: own.flatMap(filesOf) })
      }
    case 'copies':
      // They differ in what they had taken of it: one of them says what is left.
      return (subtask) => {
        const from = stored.tasks[subtask % stored.tasks.length]
        return some({ ...dealt, how: 'all', files: filesOf(from) })
      }
    case 'all':
    case 'records': {
      const files = stored.tasks.flatMap(filesOf)
      return () => some({ ...dealt, how: dealtBy === 'all' ? 'all' : 'deal', files })
    }
  }
}

/**
 * What is dealt out where an edge joins other subtasks than it did, or deals otherwise: each
 * record, all of them to everybody, what one subtask had to everybody, or what each had to one.
 */
function redistributionOf(
  found: Found,
  graph: ExecutionGraph,
): 'records' | 'all' | 'copies' | 'channels' {
  const { edge, before } = found
  const wasBroadcast = before.kind === 'broadcast'
  if (edge.kind === 'broadcast') return wasBroadcast ? 'copies' : 'all'
  // Some have taken their copy of a record, others have not: it is neither there nor gone.
  if (wasBroadcast) throw wereCopies(found, graph)
  if (edge.kind !== 'forward') return 'records'
  if (KEEPS_ORDER.has(before.kind) && leadsToKeys(graph, edge)) throw otherWays(found, graph)
  return 'channels'
}

/** Kinds by which a key's records come in order, if they were in order before. */
const KEEPS_ORDER: ReadonlySet<string | undefined> = new Set(['forward', 'hash', 'custom'])

/**
 * Whether records are brought together by key behind the edge. Those on their way and newer ones
 * of the same key may be with two subtasks by then, and overtake each other.
 */
function leadsToKeys({ edges }: ExecutionGraph, { to }: ExecutionEdge): boolean {
  const reached = new Set([to])
  // Producers come before their consumers.
  const behind = edges
    .toSorted((a, b) => a.from - b.from)
    .filter(({ from, to }) => reached.has(from) && reached.add(to))
  return behind.some(({ kind }) => kind === 'hash' || kind === 'custom')
}

function some(restore: InFlightRestore): readonly InFlightRestore[] {
  return restore.files.length === 0 ? [] : [restore]
}

function isSame({ edge, before, stored }: Found, { vertices }: ExecutionGraph): boolean {
  const consumer = vertices[edge.to]!
  return (
    before.kind === edge.kind &&
    stored.parallelism === consumer.parallelism &&
    before.producerParallelism === vertices[edge.from]!.parallelism &&
    (edge.kind !== 'hash' || stored.maxParallelism === consumer.maxParallelism)
  )
}

function hasInFlight({ tasks }: StoredVertex, edge: number): boolean {
  return tasks.some((task) => isOnItsWay(task, edge))
}

function isOnItsWay({ channels }: TaskSnapshot, edge: number): boolean {
  return channels.some((channel) => channel.edge === edge && (channel.inFlightBytes ?? 0) > 0)
}

function otherWays({ edge, before, stored }: Found, { vertices }: ExecutionGraph): SluiceError {
  const from = vertices[edge.from]!
  const to = vertices[edge.to]!
  const was = before.kind === 'forward' ? 'each to the subtask of its own number' : 'by key'
  return refused(
    `the checkpoint holds records on their way from '${from.name}' to '${to.name}', ${was}, at a ` +
      `parallelism of ${stored.parallelism}; it is ${to.parallelism} now, and of the keys behind ` +
      `'${to.name}' newer records could overtake them`,
  )
}

function wereCopies({ edge }: Found, { vertices }: ExecutionGraph): SluiceError {
  const from = vertices[edge.from]!
  const to = vertices[edge.to]!
  return refused(
    `the checkpoint holds records on their way from '${from.name}' to every subtask of ` +
      `'${to.name}' (broadcast), some of which have taken theirs; now each goes to one ` +
      `(${edge.kind})`,
  )
}

/** In words: the exchange's own edge is gone. */
function producerOf(state: StoredState, stored: StoredVertex, edge: number): string {
  const { fromOperatorId } = stored.inputs.find((input) => input.edge === edge)!
  const producer = state.vertexOf(fromOperatorId)
  const operator = producer?.operators.find(({ operatorId }) => operatorId === fromOperatorId)
  return operator === undefined ? 'an operator' : `'${operator.name}'`
}

function refused(message: string): SluiceError {
  return new SluiceError('RESTORE_IN_FLIGHT', message, {
    hint:
      'restore with the parallelism and the chaining that it was taken with, take an aligned ' +
      'checkpoint (checkpoints.unaligned=false), and change the job then',
  })
}
