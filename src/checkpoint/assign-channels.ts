/**
 * How far event time had come on each channel of a restored task. Without it, records that were
 * late before would count again.
 * Threads: main; pure functions.
 */
import { END_OF_TIME } from '../codec/page.ts'
import type { ExecutionGraph } from '../graph/execution-graph.ts'
import type { ChannelSnapshot, TaskSnapshot } from '../protocol/snapshot.ts'
import { edgesFound } from './edges-found.ts'
import type { StoredState, StoredVertex } from './stored-state.ts'

interface ChannelTime {
  readonly watermarkMs: number
  readonly idle: boolean
}

/** A vertex of the new job. */
interface Restored {
  readonly graph: ExecutionGraph
  readonly vertex: number
  /** Whether any vertex has another parallelism than it had. */
  readonly isRescaled: boolean
}

/** The channels of an edge as they were. */
interface EdgeBefore {
  /** By consuming subtask, then by producing one; undefined if there are more or fewer of them. */
  readonly channels: readonly ReadonlyMap<number, ChannelTime>[] | undefined
  readonly slowest: ChannelTime | undefined
}

/**
 * Gives the channels of a new task from those of the checkpoint; undefined if its vertex was not in
 * it. An edge is found again by the operators it joins; channels of new edges are left out.
 */
export function assignChannels(
  state: StoredState,
  { graph, vertex: index, isRescaled }: Restored,
): (task: number) => readonly ChannelSnapshot[] | undefined {
  const vertex = graph.vertices[index]!
  const stored = state.headedBy(vertex.operators[0]!.id)
  if (stored === undefined) return () => undefined
  const before = edgesBefore(stored, { graph, vertex: index, isRescaled })
  return (task) =>
    graph.tasks[task]!.inputs.flatMap((input) => {
      const { edge, producer } = graph.channels[input]!
      const channel = { edge, producer: graph.tasks[producer]!.subtask }
      const known = before.get(edge)
      const own = known?.channels?.[graph.tasks[task]!.subtask]?.get(channel.producer)
      const time = own ?? known?.slowest
      if (time === undefined) return []
      return [{ ...channel, watermarkMs: time.watermarkMs, idle: time.idle }]
    })
}

function edgesBefore(
  stored: StoredVertex,
  { graph, vertex, isRescaled }: Restored,
): ReadonlyMap<number, EdgeBefore> {
  const found = new Map<number, EdgeBefore>()
  for (const { edge, before } of edgesFound(stored, { graph, vertex })) {
    const isSameSize =
      !isRescaled &&
      stored.parallelism === graph.vertices[vertex]!.parallelism &&
      before.producerParallelism === graph.vertices[edge.from]!.parallelism
    const all = stored.tasks.map((task) => channelsOf(task, before.edge))
    found.set(edge.index, {
      channels: isSameSize ? all : undefined,
      slowest: slowest(all.flatMap((channels) => [...channels.values()])),
    })
  }
  return found
}

function channelsOf(task: TaskSnapshot, edge: number): ReadonlyMap<number, ChannelTime> {
  const channels = task.channels.filter((channel) => channel.edge === edge)
  return new Map(channels.map((channel) => [channel.producer, channel]))
}

/** Idle channels hold nothing up as long as there is another; those that have ended never do. */
function slowest(channels: readonly ChannelTime[]): ChannelTime | undefined {
  const open = channels.filter(({ watermarkMs }) => watermarkMs !== END_OF_TIME)
  const active = open.filter(({ idle }) => !idle)
  const counted = [active, open, channels].find(({ length }) => length > 0) ?? []
  return counted.reduce<ChannelTime | undefined>(
    (least, channel) =>
      least === undefined || channel.watermarkMs < least.watermarkMs ? channel : least,
    undefined,
  )
}
