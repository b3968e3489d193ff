/** Barriers and commands that come one upon the other: the task gets on with its work. */
import { expect, test } from 'vitest'
import { ManualClock } from '../../src/base/clock.ts'
import { silentLogger } from '../../src/base/log.ts'
import { MARK_WATERMARK } from '../../src/codec/page.ts'
import type { TaskMetrics } from '../../src/metrics/task-metrics.ts'
import type { Operator, OperatorContext } from '../../src/operator/contract.ts'
import { ChainRuntime } from '../../src/task/chain-runtime.ts'
import { GateInput } from '../../src/task/gate-input.ts'
import type { PageLoop } from '../../src/task/loops.ts'
import { WatermarkValve } from '../../src/time/watermark-valve.ts'
import { barrierOf, gatePairs } from '../channel/harness.ts'
import { chainOf, FakeWriter } from './fakes.ts'

const STEPS_MAX = 1_000

/** Fires so many timers at each watermark, and looks between any two whether it must pause. */
class Firing implements Partial<Operator> {
  fired = 0
  #left: number
  #context: OperatorContext | undefined

  constructor(timers: number) {
    this.#left = timers
  }

  open(context: OperatorContext): void {
    this.#context = context
  }

  onWatermark(): boolean {
    for (; this.#left > 0; this.#left--) {
      if (this.#context!.shouldPause?.() === true) return false
      this.fired++
    }
    return true
  }
}

test('a watermark gets through a chain although something urgent is always there', async () => {
  const firing = new Firing(50)
  const writer = new FakeWriter()
  const map = { kind: 'map', fn: (item: unknown) => item } as never
  const child = { spec: map, operator: firing as unknown as Operator, exits: [{ writer }] }
  const runtime = new ChainRuntime({
    head: chainOf({ spec: map, children: [child] }),
    label: 'storm',
    name: 'storm',
    subtask: 0,
    parallelism: 1,
    maxParallelism: 1,
    attempt: 1,
    clock: new ManualClock(0),
    log: silentLogger,
    credit: { stalled: 0 },
    metrics: { set() {}, add() {} } as unknown as TaskMetrics,
    state: { keyed: () => undefined, operator: () => ({}) as never },
    wake: () => {},
    isUrgent: () => true,
  })
  await runtime.open()
  runtime.watermark(7)
  let steps = 1
  while (!runtime.advanceControl() && steps < STEPS_MAX) steps++
  expect(firing.fired).toBe(50)
  expect(writer.written).toEqual([`mark ${MARK_WATERMARK} 7`])
  // It pauses all the same.
  expect(steps).toBeGreaterThan(20)
})

test('records are read although each step finds another checkpoint that is overdue', () => {
  const { pairs, gate } = gatePairs(2)
  const [first, second] = pairs
  const clock = new ManualClock(1_000)
  let cuts = 0
  let read = 0
  const input = new GateInput({
    gate,
    valve: new WatermarkValve(2),
    makeLoop: () => (() => 0) as unknown as PageLoop,
    run: (_, _reader, from) => {
      read++
      return from + 1
    },
    onWatermark: () => {},
    onIdle: () => {},
    barriers: { clock, onSnapshot: () => void cuts++ },
  })
  const records = 20
  for (let n = 0; n < records; n++) second!.output.write({ n }, 0)
  second!.output.publish()
  for (let steps = 1; read < records && steps < STEPS_MAX; steps++) {
    const barrier = barrierOf(steps, clock.nowMs())
    first!.output.barrier({ ...barrier, kind: 'unaligned', alignedTimeoutMs: 0 })
    input.step()
  }
  expect(read).toBe(records)
  expect(cuts).toBeGreaterThanOrEqual(records - 1)
})
