/** Nothing is lost and nothing doubled, however often the parallelism changes. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { assignState } from '../../src/checkpoint/assign-state.ts'
import type { StoredCheckpoint } from '../../src/checkpoint/stored-state.ts'
import { keyGroupRange } from '../../src/codec/key-groups.ts'
import type { ExecutionGraph } from '../../src/graph/execution-graph.ts'
import type { SplitProgress, TaskRestore, TaskSnapshot } from '../../src/protocol/snapshot.ts'
import { bids, sink } from '../graph/jobs.ts'
import { bytesOf, fileOf, graphOf, idOf, split, storedOf } from './stored.ts'

const maxParallelism = 24

function jobOf({ readers, counters }: Scale): ExecutionGraph {
  return graphOf(
    (env) => {
      env
        .from(bids())
        .name('read')
        .parallelism(readers)
        .keyBy('auction')
        .reduce((bid) => bid)
        .name('count')
        .parallelism(counters)
        .to(sink())
        .parallelism(1)
    },
    { maxParallelism },
  )
}

interface Scale {
  readonly readers: number
  readonly counters: number
}

/** What the tasks of one run hold. */
interface Held {
  /** By counting subtask. */
  readonly keyGroups: readonly (readonly number[])[]
  /** By counting subtask. */
  readonly items: readonly (readonly number[])[]
  /** By reading subtask. */
  readonly splits: readonly (readonly SplitProgress[])[]
  readonly unassigned: readonly SplitProgress[]
}

const splitCount = 9
const itemCount = 11

function atFirst({ readers, counters }: Scale): Held {
  const splits = Array.from({ length: splitCount }, (_, order) => split(order))
  const items = Array.from({ length: itemCount }, (_, item) => item)
  return {
    keyGroups: subtasks(counters, (subtask) => ownGroups(subtask, counters)),
    items: subtasks(counters, (subtask) => items.filter((item) => item % counters === subtask)),
    splits: subtasks(readers, (subtask) => splits.filter((_, i) => i % (readers + 1) === subtask)),
    unassigned: splits.filter((_, i) => i % (readers + 1) === readers),
  }
}

function subtasks<T>(count: number, of: (subtask: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, subtask) => of(subtask))
}

function ownGroups(subtask: number, parallelism: number): readonly number[] {
  const [from, to] = keyGroupRange(subtask, maxParallelism, parallelism)
  return Array.from({ length: to - from }, (_, i) => from + i)
}

function snapshot(graph: ExecutionGraph, held: Held): StoredCheckpoint {
  const operatorId = idOf(graph, 'count')
  const tasks = (head: string, subtask: number): Partial<TaskSnapshot> => {
    if (head === 'read') return { source: { splits: held.splits[subtask]! } }
    if (head !== 'count') return {}
    const items = held.items[subtask]!.map((item) => Uint8Array.of(item))
    const lists = [{ name: 'items', items }]
    return {
      // Large state is in several files.
      files: held.keyGroups[subtask]!.map((group) => fileOf(group)),
      operators: [{ operatorId, lists }],
    }
  }
  const source = { operatorId: idOf(graph, 'read'), splits: held.unassigned, discovered: true }
  return storedOf(graph, { tasks, sources: [source] })
}

/** Free splits go to subtasks in turn, as many as `taken`; the others stay free. */
function restore(checkpoint: StoredCheckpoint, scale: Scale, taken: number): Held {
  const graph = jobOf(scale)
  const store = { kind: 'file', directory: '' } as const
  const { tasks, sources } = assignState(checkpoint, { graph, store, ignoreUnclaimedState: false })
  const { pinned, free } = sources.get(idOf(graph, 'read'))!
  const counters = tasks.slice(scale.readers, scale.readers + scale.counters)
  return {
    keyGroups: counters.map((task, subtask) =>
      groupsTaken(task, ownGroups(subtask, scale.counters)),
    ),
    items: counters.map(({ operators }) =>
      operators.flatMap(({ lists }) => lists.flatMap(({ items }) => items.map((item) => item[0]!))),
    ),
    splits: subtasks(scale.readers, (subtask) => [
      ...pinned[subtask]!,
      ...free.slice(0, taken).filter((_, i) => i % scale.readers === subtask),
    ]),
    unassigned: free.slice(taken),
  }
}

function groupsTaken({ files }: TaskRestore, own: readonly number[]): readonly number[] {
  return files.flatMap(bytesOf).filter((group) => own.includes(group))
}

const ordered = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)
const upTo = (end: number) => Array.from({ length: end }, (_, i) => i)

const anyScale = fc.record({
  readers: fc.integer({ min: 1, max: 5 }),
  counters: fc.integer({ min: 1, max: maxParallelism }),
})

test('after any rescaling every key group, item and split is there once', () => {
  fc.assert(
    fc.property(anyScale, fc.array(fc.tuple(anyScale, fc.nat(splitCount))), (first, later) => {
      let held = atFirst(first)
      let graph = jobOf(first)
      for (const [scale, taken] of later) {
        held = restore(snapshot(graph, held), scale, taken)
        graph = jobOf(scale)
        const splits = [...held.splits.flat(), ...held.unassigned].map(({ order }) => order)
        expect(held.keyGroups.flat()).toEqual(upTo(maxParallelism))
        expect(ordered(held.items.flat())).toEqual(upTo(itemCount))
        expect(ordered(splits)).toEqual(upTo(splitCount))
      }
    }),
    { numRuns: 150 },
  )
})
