/**
 * A random job, as plain data that a seed gives, as a job of Sluice, and as a model: what comes out
 * of it, told without any engine.
 */

import {
  type Batch,
  count,
  defineJob,
  type Emit,
  type Job,
  map,
  type Source,
  type Stream,
  tumbling,
  value,
} from '../../src/api/index.ts'
import type { Prng } from '../../src/base/prng.ts'
import type { SimulatedWorld } from '../../src/testing/simulation/simulated-sink.ts'
import { SimulatedSink, Violation } from '../../src/testing/simulation/simulated-sink.ts'
import type { SplitEnds } from './split-ends.ts'

export interface Item {
  /** Its split; below 0 what an operator made itself. */
  readonly s: number
  readonly n: number
  readonly k: string
  readonly t: number
  readonly pad: string
}

export type EdgeKind = 'forward' | 'rebalance' | 'rescale' | 'global' | 'custom'

/** `from`: of the nodes before. Each node is a vertex, unless it is chained to the one before. */
export type Node =
  | { readonly kind: 'source'; readonly splits: readonly number[]; readonly source: number }
  | { readonly kind: 'map'; readonly from: number; readonly edge: EdgeKind }
  | { readonly kind: 'count' | 'distinct' | 'window'; readonly from: number }
  | { readonly kind: 'union'; readonly from: number; readonly other: number }

export interface RandomJob {
  readonly nodes: readonly Node[]
  readonly keys: number
  /** Every so many records is long. */
  readonly longEvery: number
  readonly model: Model
}

/** What a stream carries: how often each item, by its id. */
export type Counts = ReadonlyMap<string, number>

/** Records of each split that is not read to its end, by its number. */
export type Read = ReadonlyMap<number, number>

export interface Model {
  /** By sink, of what was read so far; `isOver`: nothing follows, event time is at its end. */
  outputs(read: Read, isOver: boolean): ReadonlyMap<string, Counts>
}

export function idOf({ s, n, k }: Item): string {
  return `${s}:${n}:${k}`
}

/** More than is read of it: it ends where its schedule has seen enough. */
const LONG_SPLIT = 300

/** `less`: of all that there would be. */
export function randomJob(
  random: Prng,
  less: { readonly nodes?: number; readonly records?: number } = {},
): RandomJob {
  const nodes: Node[] = []
  const sources = 1 + random.below(2)
  for (let source = 0; source < sources; source++) {
    const splits = Array.from({ length: 1 + random.below(3) }, (_, k) =>
      k > 0 && random.below(3) === 0 ? 15 + random.below(60) : LONG_SPLIT,
    )
    nodes.push({ kind: 'source', splits, source })
  }
  const more = random.below(6 - sources)
  for (let k = 0; k < more; k++) nodes.push(randomNode(random, nodes.length))
  const keys = 1 + random.below(16)
  const longEvery = 3 + random.below(60)
  const plain = { nodes: reduced(nodes, less), keys, longEvery }
  return { ...plain, model: { outputs: (read, isOver) => outputsOf(plain, { read, isOver }) } }
}

function reduced(
  nodes: readonly Node[],
  { nodes: count, records: max = Number.POSITIVE_INFINITY }: Parameters<typeof randomJob>[1] & {},
): readonly Node[] {
  return nodes
    .slice(0, count)
    .map((node) =>
      node.kind === 'source'
        ? { ...node, splits: node.splits.map((records) => Math.min(records, max)) }
        : node,
    )
}

function randomNode(random: Prng, nodes: number): Node {
  const from = nodes - 1 - random.below(Math.min(nodes, 2))
  switch (random.below(10)) {
    case 0:
    case 1:
    case 2:
      return { kind: 'count', from }
    case 3:
      return { kind: 'distinct', from }
    case 4:
      return { kind: 'union', from, other: random.below(nodes) }
    case 5:
      return { kind: 'window', from }
    default: {
      const edges = ['forward', 'rebalance', 'rescale', 'global', 'custom'] as const
      return { kind: 'map', from, edge: edges[random.below(edges.length)]! }
    }
  }
}

/** Nodes whose output nobody else takes. */
function leaves(nodes: readonly Node[]): readonly number[] {
  const taken = new Set(nodes.flatMap((node) => inputsOf(node)))
  return [...nodes.keys()].filter((k) => !taken.has(k))
}

function inputsOf(node: Node): readonly number[] {
  if (node.kind === 'source') return []
  return node.kind === 'union' ? [node.from, node.other] : [node.from]
}

type Plain = Omit<RandomJob, 'model'>

function itemOf({ keys, longEvery }: Plain, s: number, n: number): Item {
  const h = Math.imul(s * 7919 + n + 1, 0x9e3779b1) >>> 8
  const pad = h % longEvery === 0 ? 'long '.repeat(h % 130) : ''
  return { s, n, k: `key ${h % keys}`, t: timeOf(s, n), pad }
}

/** Later splits of a source, which may be read behind others, are later. */
function timeOf(s: number, n: number): number {
  return s * 1_000 + n
}

const WINDOW_MS = 7

interface Until {
  readonly read: Read
  readonly isOver: boolean
}

function outputsOf(plain: Plain, until: Until): Map<string, Counts> {
  const streams: Map<string, number>[] = []
  plain.nodes.forEach((node, index) => {
    streams.push(modelOf({ plain, node, index, streams, ...until }))
  })
  return new Map(leaves(plain.nodes).map((k) => [`sink ${k}`, streams[k]!]))
}

interface Modelled extends Until {
  readonly plain: Plain
  readonly node: Node
  readonly index: number
  readonly streams: readonly Map<string, number>[]
}

function modelOf({ plain, node, index, streams, ...until }: Modelled): Map<string, number> {
  const { read, isOver } = until
  switch (node.kind) {
    case 'source':
      return sourceModel(plain, node, read)
    case 'map':
      return streams[node.from]!
    case 'distinct':
      return new Map([...streams[node.from]!.keys()].map((id) => [id, 1]))
    case 'union':
      return sum(streams[node.from]!, streams[node.other]!)
    case 'window':
      return isOver ? windowed(streams[node.from]!, index) : new Map()
    case 'count':
      // What comes at the end of time is there only when all is read.
      return isOver ? counted(streams[node.from]!, index) : streams[node.from]!
  }
}

/** What an operator has made itself has no time, and is in no window. */
function windowed(input: Counts, index: number): Map<string, number> {
  const counts = new Map<string, number>()
  for (const [id, count] of input) {
    const [s, n, k] = id.split(':')
    if (Number(s) < 0) continue
    const start = Math.floor(timeOf(Number(s), Number(n)) / WINDOW_MS) * WINDOW_MS
    const window = `${k} at ${start}`
    counts.set(window, (counts.get(window) ?? 0) + count)
  }
  return new Map([...counts].map(([window, count]) => [`${-1 - index}:${count}:${window}`, 1]))
}

function sourceModel(
  plain: Plain,
  { splits, source }: Extract<Node, { kind: 'source' }>,
  read: Read,
): Map<string, number> {
  const all = new Map<string, number>()
  splits.forEach((records, k) => {
    const s = source * 10 + k
    const end = Math.min(records, read.get(s) ?? records)
    for (let n = 0; n < end; n++) all.set(idOf(itemOf(plain, s, n)), 1)
  })
  return all
}

function sum(a: Counts, b: Counts): Map<string, number> {
  const all = new Map(a)
  for (const [id, count] of b) all.set(id, (all.get(id) ?? 0) + count)
  return all
}

function counted(input: Counts, index: number): Map<string, number> {
  const byKey = new Map<string, number>()
  for (const [id, count] of input) {
    const key = id.slice(id.indexOf(':', id.indexOf(':') + 1) + 1)
    byKey.set(key, (byKey.get(key) ?? 0) + count)
  }
  const all = new Map(input)
  for (const [k, n] of byKey) all.set(`${-1 - index}:${n}:${k}`, 1)
  return all
}

export interface JobArgs {
  /** Of each node. */
  readonly parallelism: readonly number[]
  /** Nodes that begin a thread of their own where they could be chained. */
  readonly apart: readonly boolean[]
}

/** `violated` is told what a function of the job has seen and should not. */
export interface Building {
  readonly world: () => SimulatedWorld
  readonly ends: () => SplitEnds
  readonly exactly: () => boolean
  readonly violated: (violation: Violation) => void
}

interface Built {
  readonly stream: Stream<Item>
  readonly parallelism: number
  /** Records of a split and key come in order, and once. */
  readonly isOrdered: boolean
}

export function jobOf(random: RandomJob, building: Building): Job<JobArgs> {
  const sinks = new Map(leaves(random.nodes).map((k) => [k, new SimulatedSink<Item>(`sink ${k}`)]))
  return defineJob('simulated', (env, { parallelism, apart }: JobArgs) => {
    const built: Built[] = []
    random.nodes.forEach((node, index) => {
      const p = node.kind === 'map' && node.edge === 'forward' ? undefined : parallelism[index]!
      const made =
        node.kind === 'source'
          ? sourceNode(env.from(splitSource(random, { node, building })).uid(`source ${index}`), p!)
          : operatorNode(node, { index, built, parallelism: p, building })
      const named = made.stream.uid(`node ${index}`).parallelism(made.parallelism)
      built.push({ ...made, stream: apart[index] === true ? named.chain('start') : named })
    })
    // The same in each process of the job's life.
    for (const [leaf, sink] of sinks) {
      const { stream, parallelism: p } = built[leaf]!
      stream.to(sink).uid(`sink ${leaf}`).parallelism(p)
    }
  })
}

function sourceNode(stream: Stream<Item>, parallelism: number): Built {
  const source = stream.parallelism(parallelism)
  return { stream: source.watermarks({ time: 't' }), parallelism, isOrdered: true }
}

interface Around {
  readonly index: number
  readonly built: readonly Built[]
  /** Undefined for that of the input. */
  readonly parallelism: number | undefined
  readonly building: Building
}

function operatorNode(node: Exclude<Node, { kind: 'source' }>, around: Around): Built {
  const from = around.built[node.from]!
  const parallelism = around.parallelism ?? from.parallelism
  switch (node.kind) {
    case 'map': {
      const stream = partitioned(from.stream, node.edge).map((item) => item)
      const keeps = node.edge === 'forward' || node.edge === 'custom'
      return { stream, parallelism, isOrdered: from.isOrdered && keeps }
    }
    case 'union': {
      const other = around.built[node.other]!
      const stream = from.stream.union(other.stream).rebalance()
      return { stream: stream.map((item) => item), parallelism, isOrdered: false }
    }
    case 'distinct':
      return { stream: distinct(from.stream), parallelism, isOrdered: false }
    case 'window':
      return { stream: windows(from.stream, around), parallelism, isOrdered: false }
    case 'count':
      return { stream: counting(from, around), parallelism, isOrdered: from.isOrdered }
  }
}

function partitioned(stream: Stream<Item>, edge: EdgeKind): Stream<Item> {
  switch (edge) {
    case 'forward':
      return stream
    case 'rebalance':
      return stream.rebalance()
    case 'rescale':
      return stream.rescale()
    case 'global':
      return stream.global()
    case 'custom':
      return stream.partitionCustom('k', (key, n) => key.charCodeAt(key.length - 1) % n)
  }
}

/** Each item once, whatever the parallelism of those who have sent it to all. */
function distinct(stream: Stream<Item>): Stream<Item> {
  const everywhere = stream.broadcast().map((item) => item)
  return everywhere
    .keyBy((item) => item.k)
    .process({
      state: { seen: map<string, boolean>() },
      process(item, { state }, emit: Emit<Item>) {
        const id = idOf(item)
        if (state.seen.get(id) === true) return
        state.seen.set(id, true)
        emit(item)
      },
    })
}

function windows(stream: Stream<Item>, { index }: Around): Stream<Item> {
  return stream
    .filter(({ s }) => s >= 0)
    .keyBy('k')
    .window(tumbling(WINDOW_MS))
    .aggregate({ items: count() })
    .map(({ key, window, items }) => ({
      s: -1 - index,
      n: items,
      k: `${key} at ${window.start}`,
      t: 0,
      pad: '',
    }))
}

function counting({ stream, isOrdered }: Built, { index, building }: Around): Stream<Item> {
  return stream.keyBy('k').process({
    state: { count: value(0), last: map<number, number>() },
    process(item, { state, timers }, emit: Emit<Item>) {
      state.count.set(state.count.get() + 1)
      timers.onEventTime(Number.POSITIVE_INFINITY)
      if (isOrdered && item.s >= 0) {
        const last = state.last.get(item.s)
        if (last !== undefined && last >= item.n && building.exactly()) {
          building.violated(
            new Violation(`node ${index}: ${idOf(item)} came behind record ${last} of its split`),
          )
        }
        state.last.set(item.s, item.n)
      }
      emit(item)
    },
    onTimer(_, { key, state }, emit) {
      emit({ s: -1 - index, n: state.count.get(), k: key, t: 0, pad: '' })
    },
  })
}

interface SourceParts {
  readonly node: Extract<Node, { kind: 'source' }>
  readonly building: Building
}

function splitSource(plain: Plain, { node, building }: SourceParts): Source<Item> {
  const { world, ends } = building
  return {
    kind: 'splits',
    name: `source ${node.source}`,
    options: {},
    bounded: true,
    enumerator: () => ({
      discover: async () =>
        node.splits.map((records, k) => ({ id: `split ${k}`, s: node.source * 10 + k, records })),
    }),
    reader: ({ clock }) => {
      let s = 0
      let at = 0
      let records = 0
      const batch = (): Batch<Item> | undefined => {
        const from = at
        const length = 1 + ((Math.imul(from + s * 31 + 7, 0x9e3779b1) >>> 10) % 12)
        const end = ends().endOf({ split: s, from, records })
        const count = Math.min(length, end - from)
        if (count <= 0) return undefined
        at += count
        ends().gave(s, at)
        const split = s
        return { count, position: from, record: (i) => itemOf(plain, split, from + i) }
      }
      const reader = {
        laterMs: 0,
        open: (split: { readonly [field: string]: unknown }, position: unknown) => {
          s = split.s as number
          records = split.records as number
          at = (position as number | undefined) ?? 0
        },
        next() {
          const { random } = world()
          const die = random.below(12)
          if (die < ends().pausesOfTwelve) {
            reader.laterMs = clock.nowMs() + random.below(8)
            return 'later' as const
          }
          return die > 9 ? world().schedule(batch) : batch()
        },
        close: () => {},
      }
      return reader
    },
  }
}
