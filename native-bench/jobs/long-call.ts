/**
 * Now and then one record, of which one call of a flatMap makes very many of 100 bytes, for a sink
 * that takes its time or none. The call notes when it began and when it was through.
 */
import { defineJob } from 'sluice'
import { generator } from 'sluice/generator'
import { discard } from './discard.ts'
import { sleep } from './spend.ts'

interface Args {
  /** Of one call. */
  records: number
  /** A second. */
  calls: number
  /** That the sink sleeps for a record, on average. */
  micros: number
  /** Two float64: when the latest call began and ended, epoch ms. */
  call: SharedArrayBuffer
}

export const BEGAN = 0
export const ENDED = 1
/** To sleep for less than a millisecond takes far longer than it is told. */
const SLEEP_EVERY = 256
const TEXT = 't'.repeat(80)

export default defineJob('long call', (env, { records, calls, micros, call }: Args) => {
  const at = new Float64Array(call)
  const nowMs = () => performance.timeOrigin + performance.now()
  let taken = 0
  env
    .from(generator({ rate: calls, make: (id) => ({ id }) }))
    .name('source')
    .parallelism(1)
    .rebalance()
    .flatMap(function* ({ id }) {
      at[BEGAN] = nowMs()
      for (let n = 0; n < records; n++) yield { id, n, text: TEXT }
      at[ENDED] = nowMs()
    })
    .name('call')
    .parallelism(1)
    .rebalance()
    .map((record) => {
      if (micros > 0 && ++taken % SLEEP_EVERY === 0) sleep(micros * SLEEP_EVERY)
      return record
    })
    .name('sink')
    .to(discard())
})
