/**
 * A job with a task that is busy, or backpressured, for a known share of its time: an operator that
 * takes so long for a record, behind a source that gives records at a rate; and a source that makes
 * records in a part of the time which its receiver takes for them. Both add up how long they really
 * took: a thread that loses its processor in the middle takes longer. What is under way counts, too
 * (kit/spent.mjs reads it).
 */
import { defineJob } from 'sluice'
import { generator } from 'sluice/generator'
import { discard } from './discard.ts'
import { spin } from './spend.ts'

interface Args {
  kind: 'busy' | 'backpressured'
  /** 0 to 1. */
  share: number
  /** That the operator takes for a record. */
  micros: number
  /** Of the source and the operator, in this order: see `SPENT_BYTES`. */
  spent: SharedArrayBuffer
}

/**
 * Of a task: int32 that is odd while the rest is written; float64 of the milliseconds that it has
 * spent up to now, and of the moment since which it is at it, epoch ms, 0 if it is not.
 */
export const SPENT_BYTES = 24

export default defineJob('planted share', (env, { kind, share, micros, spent }: Args) => {
  const spenders = [0, 1].map((task) => spender(spent, task))
  const spend = (task: number, micros: number) => spenders[task]!(micros)
  const rate = (share * 1e6) / micros
  const paced = generator({ rate, make: (i) => ({ i }) })
  const made = generator({
    make: (i) => {
      spend(0, (1 - share) * micros)
      return { i }
    },
  })
  env
    .from(kind === 'busy' ? paced : made)
    .name('source')
    .rebalance()
    .map((record) => {
      spend(1, micros)
      return record
    })
    .name('operator')
    .to(discard())
})

function spender(spent: SharedArrayBuffer, task: number): (micros: number) => void {
  const version = new Int32Array(spent, task * SPENT_BYTES, 1)
  const [SUM, SINCE] = [0, 1]
  const times = new Float64Array(spent, task * SPENT_BYTES + 8, 2)
  const write = (sum: number, since: number) => {
    Atomics.add(version, 0, 1)
    times[SUM] = sum
    times[SINCE] = since
    Atomics.add(version, 0, 1)
  }
  return (micros) => {
    const startMs = performance.now()
    write(times[SUM]!, performance.timeOrigin + startMs)
    spin(micros)
    write(times[SUM]! + performance.now() - startMs, 0)
  }
}
