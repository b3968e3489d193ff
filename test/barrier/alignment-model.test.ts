/** Random channels, barriers and aborts in random order: every cut is where it must be. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Prng } from '../../src/base/prng.ts'
import { prng } from '../../src/base/prng.ts'
import type { BarrierKind } from '../../src/channel/barrier.ts'
import { ScriptedTask } from './deliver.ts'

type Item = string | number

const scenario = fc.record({
  channels: fc.integer({ min: 1, max: 5 }),
  checkpoints: fc.integer({ min: 0, max: 6 }),
  recordsMax: fc.constantFrom(0, 1, 5),
  /** One in so many barriers is left out by its producer; its checkpoint is aborted some time. */
  leftOutOneIn: fc.constantFrom(1_000, 10, 3),
  /** One in so many other checkpoints is aborted. */
  abortedOneIn: fc.constantFrom(1_000, 3),
  /** Whether the task drops the barriers of an aborted checkpoint, or meets them. */
  drops: fc.boolean(),
  seed: fc.integer(),
})

type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never

/** What one channel brings: records 'c.n', and barriers in the order of their ids. */
function channelItems(plan: Scenario, channel: number, random: Prng): Item[] {
  let sent = 0
  const records = () =>
    Array.from({ length: random.below(plan.recordsMax + 1) }, () => `${channel}.${sent++}`)
  const items: Item[] = records()
  for (let id = 1; id <= plan.checkpoints; id++) {
    if (random.below(plan.leftOutOneIn) > 0) items.push(id)
    items.push(...records())
  }
  return items
}

function run(plan: Scenario, kindOf: (checkpointId: number) => BarrierKind) {
  const random = prng(plan.seed)
  const streams = Array.from({ length: plan.channels }, (_, k) => channelItems(plan, k, random))
  const ids = Array.from({ length: plan.checkpoints }, (_, k) => k + 1)
  const aborted = ids.filter(
    (id) => !streams.every((items) => items.includes(id)) || random.below(plan.abortedOneIn) === 0,
  )
  const left = streams.map((items) => [...items])
  const aborts = [...aborted]
  const task = new ScriptedTask(plan.channels, kindOf)
  while (aborts.length > 0 || left.some((items) => items.length > 0)) {
    const channel = random.below(plan.channels)
    if (random.below(8) === 0) abortOne(task, plan, aborts.splice(random.below(aborts.length), 1))
    else if (random.below(2) === 0) task.step(channel)
    else for (const item of left[channel]!.splice(0, 1)) task.put(channel, item)
  }
  task.run()
  return { streams, aborted, task }
}

function abortOne(task: ScriptedTask, plan: Scenario, ids: readonly number[]): void {
  for (const id of ids) {
    task.abort(id)
    if (plan.drops) task.drop(id)
  }
}

function isRecord(item: Item): boolean {
  return typeof item === 'string' && !item.startsWith('snapshot')
}

function snapshotsOf(seen: readonly string[]): number[] {
  return seen.flatMap((item) => (isRecord(item) ? [] : [Number(item.replace('snapshot ', ''))]))
}

/** Records of the channel before its barrier, and how many of it were processed at the cut. */
function cutAt(id: number, items: readonly Item[], seen: readonly string[]) {
  const before = items.slice(0, items.indexOf(id)).filter(isRecord)
  const ofChannel = new Set<Item>(items.filter(isRecord))
  const processed = seen.slice(0, seen.indexOf(`snapshot ${id}`)).filter((it) => ofChannel.has(it))
  return { before, processed }
}

function checkProgress({ streams, aborted, task }: ReturnType<typeof run>): void {
  expect(task.waiting).toBe(0)
  for (const items of streams) {
    const own: readonly Item[] = items.filter(isRecord)
    expect(task.seen.filter((item) => own.includes(item))).toEqual(own)
  }
  const taken = snapshotsOf(task.seen)
  expect(taken).toEqual([...new Set(taken)].sort((a, b) => a - b))
  const ids = new Set(streams.flat().filter((item) => typeof item === 'number'))
  const owed = [...ids].filter((id) => !aborted.includes(id))
  expect(taken).toEqual(expect.arrayContaining(owed))
}

test('aligned: a snapshot has the records before its barriers, and nothing waits for ever', () => {
  let cuts = 0
  fc.assert(
    fc.property(scenario, (plan) => {
      const result = run(plan, () => 'aligned')
      checkProgress(result)
      for (const id of snapshotsOf(result.task.seen)) {
        for (const items of result.streams.filter((stream) => stream.includes(id))) {
          const { before, processed } = cutAt(id, items, result.task.seen)
          expect(processed).toEqual(before)
          cuts++
        }
      }
    }),
    { numRuns: 1_000 },
  )
  expect(cuts).toBeGreaterThan(1_000)
})

test('at least once: no record before a barrier is left out of its snapshot', () => {
  let cuts = 0
  fc.assert(
    fc.property(scenario, (plan) => {
      const result = run(plan, () => 'at-least-once')
      checkProgress(result)
      for (const id of snapshotsOf(result.task.seen)) {
        for (const items of result.streams.filter((stream) => stream.includes(id))) {
          const { before, processed } = cutAt(id, items, result.task.seen)
          expect(processed.slice(0, before.length)).toEqual(before)
          cuts++
        }
      }
    }),
    { numRuns: 1_000 },
  )
  expect(cuts).toBeGreaterThan(1_000)
})

test('kinds in turn: each snapshot keeps what its own barriers promise', () => {
  const cuts = { aligned: 0, 'at-least-once': 0 }
  const scenarios = fc.record({ plan: scenario, kinds: fc.array(fc.boolean(), { minLength: 1 }) })
  fc.assert(
    fc.property(scenarios, ({ plan, kinds }) => {
      const kindOf = (id: number) => (kinds[id % kinds.length] ? 'aligned' : 'at-least-once')
      const result = run(plan, kindOf)
      checkProgress(result)
      for (const id of snapshotsOf(result.task.seen)) {
        for (const items of result.streams.filter((stream) => stream.includes(id))) {
          const { before, processed } = cutAt(id, items, result.task.seen)
          const exact = kindOf(id) === 'aligned'
          expect(exact ? processed : processed.slice(0, before.length)).toEqual(before)
          cuts[kindOf(id)]++
        }
      }
    }),
    { numRuns: 1_000 },
  )
  expect(Math.min(cuts.aligned, cuts['at-least-once'])).toBeGreaterThan(300)
})
