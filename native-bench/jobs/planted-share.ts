/**
 * A job with a task that is busy, or backpressured, for a known share of its time: an operator that
 * takes so long for a record, behind a source that gives records at a rate; and a source that makes
 * records in a part of the time which its receiver takes for them. Both add up how long they really
 * took: a thread that loses its processor in the middle takes longer.
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
  /** Two float64: milliseconds that the source and the operator have spent. */
  spent: SharedArrayBuffer
}

export default defineJob('planted share', (env, { kind, share, micros, spent }: Args) => {
  const spentMs = new Float64Array(spent)
  const spend = (task: number, micros: number) => {
    const startMs = performance.now()
    spin(micros)
    spentMs[task]! += performance.now() - startMs
  }
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
