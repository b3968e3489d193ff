// Nanoseconds of CPU an entry to write a snapshot of keyed state and to take it in again, and what
// an access costs while none is being written.
import { HeapKeyedState } from '../../dist/state/heap/heap-keyed-state.js'
import { median, round } from '../measure.mjs'

const GROUPS = 128
const STEP_ENTRIES = 1000

const kinds = {
  number: (i) => i,
  'text of 100': (i) => Buffer.from(String(i).padStart(100, 'v')).latin1Slice(),
  object: (i) => ({ count: i, name: 'x' }),
}

export default {
  name: 'snapshot',
  what: 'ns to write and restore entries of keyed state, and to access it meanwhile',
  bar: 'number: 150 to write; 1M keys with a number and a text restored in 400 ms',
  async run({ smoke, repeat }) {
    const keys = smoke ? 1000 : 1_000_000
    const rows = Object.entries(kinds).map(([what, make]) =>
      medianRow(repeat, () => ({ what, ...measureKind(make, keys) })),
    )
    return { rows: [...rows, ...measureAccess({ smoke, repeat })] }
  },
}

function open() {
  const state = new HeapKeyedState({
    maxParallelism: GROUPS,
    keyGroupFrom: 0,
    keyGroupTo: GROUPS,
  })
  return { state, value: (initial) => state.value({ name: 'v', kind: 'value', initial }) }
}

function measureKind(make, keys) {
  const initial = typeof make(0) === 'number' ? 0 : undefined
  const { state, value } = open()
  const held = value(initial)
  for (let i = 0; i < keys; i++) {
    state.setKey(`key-${i}`)
    held.set(make(i))
  }
  const chunks = []
  const kept = state.snapshot('bench', { chunk: (chunk) => void chunks.push(chunk) })
  // Chunks that nobody keeps: they go to another thread in a job.
  const walk = state.snapshot('bench', { chunk() {} })
  let stepMsMax = 0
  const writeMs = timed(() => {
    while (!walk.isDone) {
      const begin = performance.now()
      walk.step(STEP_ENTRIES)
      stepMsMax = Math.max(stepMsMax, performance.now() - begin)
    }
  })
  while (!kept.isDone) kept.step(STEP_ENTRIES)
  const other = open()
  other.value(initial)
  const restoreMs = timed(() => {
    other.state.reserve(keys)
    for (const { sections, parts } of chunks) {
      for (const part of parts) other.state.restore(sections[part.section], part)
    }
    other.state.load()
  })
  return { write: ns(writeMs, keys), restore: ns(restoreMs, keys), stepMsMax }
}

/** Over few keys, so that it is the code that is measured and not the memory. */
function measureAccess({ smoke, repeat }) {
  const rounds = smoke ? 2 : 2000
  const { state, value } = open()
  const map = state.map({ name: 'm', kind: 'map' })
  const table = state.table('t', ['number'])
  const number = value(0)
  const object = state.value({ name: 'o', kind: 'value' })
  const keys = Array.from({ length: 1000 }, (_, i) => `key-${i}`)
  for (const key of keys) {
    state.setKey(key)
    object.set({ n: 1 })
  }
  const actions = {
    'get and set a number': () => number.set(number.get() + 1),
    'get an object': () => object.get(),
    'get and set in a map': () => map.set('a', (map.get('a') ?? 0) + 1),
    'count in a table': () => {
      const slot = table.slot(0)
      table.numbers[0][slot]++
    },
  }
  return Object.entries(actions).map(([what, action]) =>
    medianRow(repeat, () => {
      const ms = timed(() => {
        for (let r = 0; r < rounds; r++) {
          for (let k = 0; k < keys.length; k++) {
            state.setKey(keys[k])
            action()
          }
        }
      })
      return { what, access: ns(ms, rounds * keys.length) }
    }),
  )
}

/** Milliseconds of CPU, those of the collector's threads included. */
function timed(action) {
  const begin = process.cpuUsage()
  action()
  const { user, system } = process.cpuUsage(begin)
  return (user + system) / 1e3
}

function ns(ms, count) {
  return (ms * 1e6) / count
}

/** Every number of the row is the median of the runs. */
function medianRow(repeat, run) {
  const runs = Array.from({ length: repeat }, run)
  const entries = Object.entries(runs[0]).map(([name, first]) => {
    if (typeof first !== 'number') return [name, first]
    return [name, round(median(runs.map((row) => row[name])), 1)]
  })
  return Object.fromEntries(entries)
}
