/**
 * Counts records twice, in two operators with an exchange between them. When all are read it
 * collects what both have counted of each key: the same, if each record came once to each of them.
 */
import { defineJob, type Emit, value } from 'sluice'
import { generator } from 'sluice/generator'
import { sleep } from './spend.ts'

interface Args {
  records: number
  keys: number
  /** That the second operator takes for a record. */
  micros: number
}

interface Counted {
  key: string
  /** At the end what the first operator has counted; 0 before. */
  all: number
}

export interface Tally {
  key: string
  first: number
  second: number
}

export default defineJob('twice counted', (env, { records, keys, micros }: Args) => {
  const make = (id: number) => ({ key: `key ${id % keys}` })
  env
    .from(generator({ count: records, make, splits: 4 }))
    .uid('numbers')
    .keyBy('key')
    .process({
      state: { seen: value(0) },
      process({ key }, { state, timers }, emit: Emit<Counted>) {
        state.seen.set(state.seen.get() + 1)
        timers.onEventTime(Number.POSITIVE_INFINITY)
        emit({ key, all: 0 })
      },
      onTimer(_time, { key, state }, emit) {
        emit({ key, all: state.seen.get() })
      },
    })
    .uid('first')
    .keyBy('key')
    .process({
      state: { seen: value(0) },
      process({ key, all }, { state }, emit: Emit<Tally>) {
        const seen = state.seen.get()
        if (all > 0) return emit({ key, first: all, second: seen })
        if (micros > 0) sleep(micros)
        state.seen.set(seen + 1)
      },
    })
    .uid('second')
    .collect('tally')
})
