/**
 * Real channels with barriers, read in random order and steps: what is processed before an
 * unaligned cut, and what is in flight at it, are all records before the barriers, each once.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  channelOfSection,
  channelStateChunk,
  restorePages,
} from '../../src/barrier/channel-state.ts'
import type { Cut } from '../../src/barrier/cut.ts'
import type { InFlight } from '../../src/barrier/in-flight.ts'
import { ManualClock } from '../../src/base/clock.ts'
import type { Prng } from '../../src/base/prng.ts'
import { prng } from '../../src/base/prng.ts'
import { REHEARSAL } from '../../src/channel/barrier.ts'
import type { RestoredPage } from '../../src/channel/channel-capture.ts'
import { RecordWriter } from '../../src/channel/record-writer.ts'
import { ringOf } from '../../src/channel/ring-layout.ts'
import { Codecs } from '../../src/codec/codecs.ts'
import type { PageReader } from '../../src/codec/page.ts'
import { MARK_WATERMARK } from '../../src/codec/page.ts'
import { GateInput } from '../../src/task/gate-input.ts'
import type { PageLoop } from '../../src/task/loops.ts'
import { WatermarkValve } from '../../src/time/watermark-valve.ts'
import { barrierOf, gatePairs } from '../channel/harness.ts'

const plans = fc.record({
  channels: fc.integer({ min: 1, max: 4 }),
  /** One in so many actions places a barrier. */
  barrierOneIn: fc.constantFrom(4, 12, 40),
  /** One in so many checkpoints is aborted at some time. */
  abortedOneIn: fc.constantFrom(1_000, 3),
  alignedTimeoutMs: fc.constantFrom(0, 0, 5, 40),
  keys: fc.constantFrom(1, 3, 50),
  /** As if the keys had turned out to be too many for numbers. */
  spells: fc.boolean(),
  /** Records of a step. */
  stepMax: fc.constantFrom(1, 3, 100),
  actions: fc.constantFrom(50, 300),
  seed: fc.integer(),
})
type Plan = typeof plans extends fc.Arbitrary<infer T> ? T : never

interface Record {
  readonly key: string
  readonly n: number
}

interface Snapshot {
  readonly cut: Cut
  /** By channel, before the cut. */
  readonly processed: readonly (readonly string[])[]
  readonly inFlight: InFlight | undefined
}

/** One attempt of a task with its producers. */
class Attempt {
  readonly clock = new ManualClock(1_000)
  readonly snapshots = new Map<number, Snapshot>()
  /** By channel. */
  readonly processed: string[][]
  readonly written: string[][]
  /** Of each checkpoint, by channel: how many had been written when its barrier was placed. */
  readonly barriers = new Map<number, (number | undefined)[]>()
  readonly input: GateInput
  readonly codecs = new Codecs()
  readonly #plan: Plan
  readonly #random: Prng
  readonly #writers: readonly RecordWriter[]
  readonly #placed: number[]
  readonly #ended = new Set<number>()
  #reading = 0
  #n = 0

  constructor(plan: Plan, random: Prng, before: readonly (readonly string[])[] = []) {
    this.#plan = plan
    this.#random = random
    const size = ringOf(4, 256)
    const options = { size, beyondOverdraft: 'grow', codecs: this.codecs } as const
    const { pairs, gate } = gatePairs(plan.channels, options)
    this.#writers = pairs.map(
      ({ output, edge }) =>
        new RecordWriter({
          routing: { kind: 'hash', key: { field: 'key' } },
          channels: [output],
          edge,
          maxParallelism: 128,
          textsMax: 20,
        }),
    )
    if (plan.spells) for (const { edge } of pairs) edge.keys!.codes.end()
    this.#placed = pairs.map(() => 0)
    this.processed = pairs.map(() => [])
    this.written = pairs.map((_, k) => [...(before[k] ?? [])])
    this.input = new GateInput({
      gate,
      valve: new WatermarkValve(plan.channels),
      makeLoop: () => (() => 0) as unknown as PageLoop,
      run: (_, reader, from, limit) => this.#run(reader, from, limit),
      onWatermark: () => {},
      onIdle: () => {},
      barriers: {
        clock: this.clock,
        onSnapshot: (cut) => this.#snapshot(cut),
      },
    })
    const next = gate.next.bind(gate)
    gate.next = (isTurnOfRecords) => {
      const channel = next(isTurnOfRecords)
      this.#reading = channel?.index ?? -1
      return channel
    }
  }

  #run(reader: PageReader, from: number, limit: number): number {
    const to = Math.min(limit, from + 1 + this.#random.below(this.#plan.stepMax))
    for (let row = from; row < to; row++) {
      this.processed[this.#reading]!.push(textOf(reader.record(row) as Record))
    }
    return to
  }

  #snapshot(cut: Cut): void {
    const { checkpointId } = cut.barrier
    if (checkpointId === REHEARSAL) return
    const { inFlight } = this.input.snapshot(cut)
    const processed = this.processed.map((items) => [...items])
    this.snapshots.set(checkpointId, { cut, processed, inFlight })
  }

  write(channel: number, count: number): void {
    if (this.#ended.has(channel)) return
    for (let k = 0; k < count; k++) {
      const record = { key: `key ${this.#random.below(this.#plan.keys)}`, n: ++this.#n }
      this.#writers[channel]!.write(record, this.#n)
      this.written[channel]!.push(textOf(record))
    }
  }

  mark(channel: number): void {
    if (this.#ended.has(channel)) return
    this.#writers[channel]!.mark(MARK_WATERMARK, this.#n)
  }

  /** Barriers still come. */
  end(channel: number): void {
    this.#ended.add(channel)
    this.#writers[channel]!.end()
  }

  flush(channel: number): void {
    this.#writers[channel]!.channels[0]!.publish()
  }

  /** The next barrier of the channel. */
  place(channel: number): void {
    const writer = this.#writers[channel]!
    if (!writer.canPlaceBarrier()) return
    const id = ++this.#placed[channel]!
    const { alignedTimeoutMs } = this.#plan
    const barrier = barrierOf(id, this.clock.nowMs())
    writer.barrier({ ...barrier, kind: 'unaligned', alignedTimeoutMs })
    const places = this.barriers.get(id) ?? this.written.map(() => undefined)
    places[channel] = this.written[channel]!.length
    this.barriers.set(id, places)
  }

  /** Every checkpoint that was begun gets all of its barriers, and all is read. */
  complete(): void {
    const last = Math.max(...this.#placed)
    for (;;) {
      const behind = this.#placed.findIndex((id) => id < last)
      if (behind >= 0) this.place(behind)
      const read = this.readAll()
      if (behind < 0 && !read) return
    }
  }

  readAll(): boolean {
    this.#writers.forEach((_, k) => this.flush(k))
    this.clock.advance(100)
    let any = false
    while (this.input.step() === 'progress') any = true
    return any
  }
}

function textOf({ key, n }: Record): string {
  return `${n} ${key}`
}

function act(attempt: Attempt, plan: Plan, random: Prng): void {
  const aborted = new Set<number>()
  const rehearsal = random.below(20)
  for (let k = 0; k < plan.actions; k++) {
    const channel = random.below(plan.channels)
    const die = random.below(24)
    if (k === rehearsal) attempt.input.rehearse()
    if (random.below(plan.actions * 2) === 0) attempt.end(channel)
    if (random.below(plan.barrierOneIn) === 0) attempt.place(channel)
    else if (die < 8) attempt.input.step()
    else if (die < 11) attempt.clock.advance(random.below(10))
    else if (die < 14) attempt.flush(channel)
    else if (die < 16) attempt.mark(channel)
    else attempt.write(channel, random.below(9))
    for (const id of attempt.barriers.keys()) {
      if (aborted.has(id) || random.below(plan.abortedOneIn * 20) > 0) continue
      aborted.add(id)
      attempt.input.abort(id)
      attempt.snapshots.get(id)?.inFlight?.drop()
    }
  }
  attempt.complete()
  for (const id of aborted) attempt.snapshots.delete(id)
}

/** The in-flight data of a snapshot as a task of another attempt reads it, by channel. */
function stored({ inFlight }: Snapshot, from: Codecs, to: Codecs): Map<number, RestoredPage[]> {
  const channels = (inFlight?.channels ?? [])
    .filter(({ capture }) => capture.pages.length > 0)
    .map(({ index, capture }) => ({ channel: { edge: 0, producer: index }, capture }))
  const { sections, parts } = channelStateChunk('head', { channels, codecs: from })
  return new Map(
    sections.map((section, k) => {
      const own = parts.filter((part) => part.section === k)
      const pages = restorePages(own, { codecs: to, keepsMarks: true })
      return [channelOfSection(section).producer, [...pages]]
    }),
  )
}

/** Reads all there is of a snapshot in a new attempt; that goes on being disturbed. */
function restored(snapshot: Snapshot, from: Attempt, plan: Plan, random: Prng): Attempt {
  const inFlight = from.written.map((items, k) => {
    const at = from.barriers.get(snapshot.cut.barrier.checkpointId)![k]!
    return items.slice(snapshot.processed[k]!.length, at)
  })
  const next = new Attempt(plan, random, inFlight)
  const pages = stored(snapshot, from.codecs, next.codecs)
  next.input.restorePages(next.written.map((_, k) => pages.get(k) ?? []))
  return next
}

function check(attempt: Attempt): number {
  let bytes = 0
  expect(attempt.processed).toEqual(attempt.written)
  for (const [id, { cut, processed, inFlight }] of attempt.snapshots) {
    expect(inFlight?.isComplete ?? true, `checkpoint ${id}`).toBe(true)
    const places = attempt.barriers.get(id)!
    for (const [k, items] of processed.entries()) {
      const before = attempt.written[k]!.slice(0, places[k])
      expect(items).toEqual(before.slice(0, items.length))
      // What is in flight is compared where it is read again.
      if (!cut.behind.includes(k)) expect(items).toEqual(before)
    }
    bytes += inFlight?.bytes ?? 0
  }
  return bytes
}

test('what is processed and what is in flight are all records before the barriers, once', () => {
  let bytes = 0
  let again = 0
  const property = fc.property(plans, (plan) => {
    const random = prng(plan.seed)
    let attempt = new Attempt(plan, random)
    act(attempt, plan, random)
    bytes += check(attempt)
    // A checkpoint of a restored attempt, and one of that, while in-flight data is still there.
    for (let round = 0; round < 3; round++) {
      const snapshots = [...attempt.snapshots.values()]
      const snapshot = snapshots[random.below(snapshots.length)]
      if (snapshot === undefined) return
      attempt = restored(snapshot, attempt, plan, random)
      act(attempt, plan, random)
      again += check(attempt)
    }
  })
  fc.assert(property, { numRuns: Number(process.env.RUNS ?? 150) })
  expect(bytes).toBeGreaterThan(50_000)
  expect(again).toBeGreaterThan(50_000)
})
