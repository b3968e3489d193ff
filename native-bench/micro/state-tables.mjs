// Nanoseconds to find or make a key's entry: in a byte-key table, which counts in a column, and in
// a Map of objects. The keys come in a fixed walk over all of them, not as they lie in memory, and
// as strings that were made just now, as those of records are: their hashes are not known yet.
import { HeapKeyedState } from '../../dist/state/heap/heap-keyed-state.js'
import { figuresOf, loop, measureTasks, rowsOf, sink } from '../kit/tasks.mjs'

const GROUPS = 128
const STEP = 7919
const ROUND = 10_000
const sizes = { '10 k keys': 10_000, '1 M keys': 1_000_000 }

export default {
  name: 'state-tables',
  what: 'ns to find or make an entry by a string key: table of keyed state, Map of objects',
  repeat: 3,

  async run({ smoke, repeat }) {
    const chosen = smoke ? { '1 k keys': 1_000 } : sizes
    const measured = []
    for (const [what, count] of Object.entries(chosen)) {
      const tasks = [...tableTasks(what, count), ...mapTasks(what, count)]
      measured.push(...(await measureTasks(tasks, { smoke, repeat })))
    }
    if (sink.sum === 0) throw new Error('nothing was counted')
    return {
      rows: rowsOf(measured),
      figures: figuresOf(measured, (what) => what.includes('table')),
    }
  },
}

/** Flat strings, as they come out of a page. */
function freshKeys(keys, from, to) {
  return Array.from({ length: to - from }, (_, k) => {
    const number = ((from + k) * STEP) % keys
    return Buffer.from(`key-${String(number).padStart(7, '0')}`).toString('latin1')
  })
}

function tableTasks(what, keys) {
  const open = () => {
    const state = new HeapKeyedState({
      maxParallelism: GROUPS,
      keyGroupFrom: 0,
      keyGroupTo: GROUPS,
    })
    return { state, table: state.table('t', ['number']) }
  }
  const count = loop(
    'of, keys',
    `const { state, table } = of
    for (let k = 0; k < keys.length; k++) {
      state.setKey(keys[k])
      const slot = table.slot(0)
      table.numbers[0][slot]++
    }
    return table.numbers[0][0]`,
  )
  return tasksOf({ what: `${what}, table`, keys, open, count })
}

function mapTasks(what, keys) {
  const open = () => new Map()
  const count = loop(
    'map, keys',
    `let entry
    for (let k = 0; k < keys.length; k++) {
      entry = map.get(keys[k])
      if (entry === undefined) map.set(keys[k], entry = { count: 0 })
      entry.count++
    }
    return entry.count`,
  )
  return tasksOf({ what: `${what}, Map`, keys, open, count })
}

function tasksOf({ what, keys, open, count }) {
  const full = open()
  count(full, freshKeys(keys, 0, keys))
  const actions = Math.min(ROUND, keys)
  let from = 0
  let next
  let empty
  return [
    {
      what: `${what}: existing`,
      actions,
      before: () => {
        next = freshKeys(keys, from, from + actions)
        from = (from + actions) % keys
      },
      run: () => {
        sink.sum += count(full, next)
      },
    },
    {
      what: `${what}: new`,
      actions: keys,
      before: () => {
        next = freshKeys(keys, 0, keys)
        empty = open()
      },
      run: () => {
        sink.sum += count(empty, next)
      },
    },
  ]
}
