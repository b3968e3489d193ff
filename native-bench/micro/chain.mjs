// Nanoseconds a record in a chain of operators: as the engine compiles it, and as closures that
// call each other, which is what a chain is without a compiler.
import { compileChain } from '../../dist/task/compiled-chain.js'
import { figuresOf, measureTasks, rowsOf, sink } from '../kit/tasks.mjs'

const RECORDS = 4096

const doubled = (r) => ({ key: r.key, value: r.value * 2 })
const named = (r) => ({ key: r.key, value: r.value, even: (r.value & 3) === 0 })
const isWanted = (r) => r.value % 3 !== 0
const added = (r) => ({ key: r.key, value: r.value + 1 })
const isSmall = (r) => r.value < 1e9

/** As many operators as their name says. */
const chains = {
  3: [
    ['map', doubled],
    ['filter', isWanted],
    ['map', added],
  ],
  6: [
    ['map', doubled],
    ['filter', isWanted],
    ['map', added],
    ['map', named],
    ['filter', isSmall],
    ['map', added],
  ],
}

export default {
  name: 'chain',
  what: 'ns a record in a chain of maps and filters: compiled, and as closures',
  repeat: 3,

  async run(options) {
    const tasks = Object.entries(chains).flatMap(([length, operators]) =>
      both(`${length} operators`, { compiled: compiled(operators), closures: closures(operators) }),
    )
    const measured = await measureTasks(tasks, options)
    return {
      rows: rowsOf(measured),
      figures: figuresOf(measured, (what) => what.endsWith('compiled')),
    }
  },
}

/** Both must have the same results, or nothing is compared. */
function both(what, ways) {
  const sums = Object.values(ways).map(sumOf)
  if (sums[0] !== sums[1] || sums[0] === 0) throw new Error(`${what}: ${sums.join(' and ')}`)
  return Object.entries(ways).map(([way, run]) => ({
    what: `${what}, ${way}`,
    actions: RECORDS,
    run,
  }))
}

function sumOf(run) {
  sink.sum = 0
  run()
  return sink.sum
}

function batch() {
  const keys = Array.from({ length: 100 }, (_, k) => `key-${k}`)
  return { count: RECORDS, position: 0, record: (i) => ({ key: keys[i % 100], value: i }) }
}

const end = (record) => {
  // Kept, as a sink would: an object that nobody looks at is never made.
  sink.last = record
  sink.sum += record.value + record.key.length
}

function compiled(operators) {
  const node = (index) => {
    const [kind, fn] = index === 0 ? ['source'] : operators[index - 1]
    const isLast = index === operators.length
    return {
      index,
      name: `${kind} ${index}`,
      operatorId: String(index),
      spec: { kind, fn },
      key: undefined,
      operator: undefined,
      children: isLast ? [] : [{ sideOutput: undefined, node: node(index + 1) }],
      exits: isLast ? [{ sideOutput: undefined, writer: { write: end } }] : [],
    }
  }
  const chain = compileChain({
    head: node(0),
    label: 'bench',
    gate: { credit: { stalled: 0 }, control: { pending: 0 } },
    onFailure: (error) => {
      throw error
    },
  })
  const run = chain.batchLoop(false)
  const records = batch()
  return () => run(records, 0, RECORDS)
}

const links = {
  map: (fn, next) => (record) => next(fn(record)),
  filter: (fn, next) => (record) => {
    if (fn(record)) next(record)
  },
}

function closures(operators) {
  const head = operators.reduceRight((next, [kind, fn]) => links[kind](fn, next), end)
  const records = batch()
  return () => {
    for (let i = 0; i < RECORDS; i++) head(records.record(i))
  }
}
