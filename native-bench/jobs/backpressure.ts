/**
 * Jobs with a bottleneck that is known, over records of 1 KB: by default the topology of Flink's
 * benchmark of checkpointing time, a source that is as fast as it may be, an exchange, a map,
 * another exchange and a sink that takes a fifth of a millisecond for a record.
 */
import { defineJob, type Env, type Sink, type Stream } from 'sluice'
import { generator } from 'sluice/generator'
import { sleep, spin } from './spend.ts'

export type Shape = 'chain' | 'skew' | 'bursts' | 'diamond' | 'fan-out'

interface Args {
  shape: Shape
  /** How a slow operator or sink spends its time; `none`: it is as fast as it may be. */
  how: 'sleep' | 'spin' | 'none'
  /** For a record. */
  micros: number
}

interface Event {
  key: number
  text: string
}

const KILOBYTE = 'k'.repeat(1000)
const KEYS = 1000
/** Of 10 records so many have the one key. */
const HOT_OF_TEN = 6
const BURST_RECORDS = 512
/** More than the overdraft that the scenario allows: it blocks in the middle of a record. */
const FAN_OUT = 4096

export default defineJob('backpressure', (env, { shape, how, micros }: Args) => {
  const wait = ways[how]
  const slow = slowSink((written) => {
    if (shape !== 'bursts') wait(micros)
    else if (written % BURST_RECORDS === 0) wait(micros * BURST_RECORDS)
  })
  shapes[shape](events(env, shape), { slow, wait: () => wait(micros) })
})

const ways = { sleep, spin, none: () => {} }

interface Slow {
  slow: Sink<Event>
  wait: () => void
}

const shapes: Readonly<Record<Shape, (source: Stream<Event>, slow: Slow) => void>> = {
  chain: (source, { slow }) => mapped(source).rebalance().to(slow),
  bursts: (source, { slow }) => mapped(source).rebalance().to(slow),
  skew: (source, { slow }) =>
    mapped(source)
      .partitionCustom('key', (key, subtasks) => key % subtasks)
      .map((record) => record)
      .name('behind the keys')
      .to(slow),
  diamond(source, { wait }) {
    const fast = source
      .rebalance()
      .map((record) => record)
      .name('fast side')
    const slowly = (record: Event) => {
      wait()
      return record
    }
    const slow = source.rebalance().map(slowly).name('slow side')
    fast
      .rebalance()
      .union(slow.rebalance())
      .map((record) => record)
      .name('join')
      .to(dropped())
  },
  'fan-out': (source, { slow }) =>
    source
      .rebalance()
      .flatMap((record) => Array.from({ length: FAN_OUT }, () => record))
      .name('fan-out')
      .rebalance()
      .to(slow),
}

function events(env: Env, shape: Shape): Stream<Event> {
  const keyOf = (i: number) => (shape === 'skew' && i % 10 < HOT_OF_TEN ? 0 : i % KEYS)
  const make = (i: number) => ({ key: keyOf(i), text: KILOBYTE })
  return env.from(generator({ make })).name('source')
}

function mapped(source: Stream<Event>): Stream<Event> {
  return source
    .rebalance()
    .map((record) => record)
    .name('map')
}

function dropped(): Sink<Event> {
  return slowSink(() => {})
}

function slowSink(write: (written: number) => void): Sink<Event> {
  return {
    kind: 'slow',
    name: 'sink',
    encodesAtOnce: true,
    options: {},
    writer: () => {
      let written = 0
      return {
        write: () => write(++written),
        ready: () => true,
        prepareCommit: () => [],
        close() {},
      }
    },
  }
}
