// What counting records by chained operator costs: the code of a chain as it is compiled, and the
// same code without its counters. Two of the chain's three filters are counted, which is more than
// most chains have: what exits and sinks count is not counted again.
import { Codecs } from '../../dist/codec/codecs.js'
import { APPENDED, pageViews } from '../../dist/codec/page.js'
import { ChainFlows } from '../../dist/task/chain-flows.js'
import { chainSource } from '../../dist/task/chain-source.js'
import { at, bid } from '../kit/records.mjs'
import { figuresOf, loop, measureTasks, sink } from '../kit/tasks.mjs'
import { round } from '../measure.mjs'

const RECORDS = 4096
const PAGE_BYTES = 2 << 20

/** Where the records come from: how much a record is besides its counting. */
const inputs = {
  'objects of two fields': () => {
    const keys = Array.from({ length: 100 }, (_, k) => `key-${k}`)
    const keep = loop('r', 'this.last = r; this.sum += r.price').bind(sink)
    return { from: { record: (i) => ({ extra: keys[i % 100], price: at(i) }) }, write: keep }
  },
  'bids from one page to another': () => pageOf(bid),
}

export default {
  name: 'operator-counters',
  what: 'ns a record in a chain with and without counters of its operators',
  bar: 'at most 1 % of a record that crossed an exchange',
  repeat: 5,

  async run(options) {
    const rows = []
    const figures = {}
    for (const [what, make] of Object.entries(inputs)) {
      const measured = await measureTasks(tasksOf(what, make), options)
      const [without, counted] = measured.map(({ ns }) => ns)
      rows.push({
        what,
        without: round(without, 2),
        counted: round(counted, 2),
        'more ns': round(counted - without, 2),
        'more %': round((counted / without - 1) * 100, 1),
      })
      Object.assign(
        figures,
        figuresOf(measured, (name) => name.endsWith('counted')),
      )
    }
    const [published] = await measureTasks([publishing()], options)
    rows.push({ what: 'publishing them, ns a time', counted: round(published.ns, 1) })
    return { rows, figures: { ...figures, ...figuresOf([published]) } }
  },
}

function tasksOf(what, make) {
  const ways = { without: false, counted: true }
  return Object.entries(ways).map(([way, isCounted]) => {
    const { run, counts } = chain(make(), { isCounted, name: `${what}, ${way}` })
    run()
    if (counts.every((n) => n > 0) !== isCounted) throw new Error(`${way}: ${counts}`)
    return { what: `${what}, ${way}`, actions: RECORDS, run }
  })
}

const kept = [(r) => r.price % 16 !== 0, (r) => r.price % 32 !== 1, (r) => r.extra.length > 0]

/** Filter, filter, filter, exit. Everything is made anew, so that nothing is shared by the ways. */
function chain({ from, write, begin = () => {} }, { isCounted, name }) {
  const nodeAt = (index) => ({
    index,
    name: `filter ${index}`,
    spec: { kind: 'filter' },
    operator: undefined,
    children: index === 2 ? [] : [{ sideOutput: undefined, node: nodeAt(index + 1) }],
    exits: index === 2 ? [{ sideOutput: undefined, writer: { recordsTaken: 0 } }] : [],
  })
  const head = nodeAt(0)
  const flows = new ChainFlows(head)
  const { code } = chainSource(head, flows)
  const counters = / else counts\[\d\]\+\+$/gm
  if (code.match(counters)?.length !== 2) throw new Error(`not two counters:\n${code}`)
  const built = new Function(
    'fns',
    'operators',
    'exits',
    'own',
    'counts',
    `${isCounted ? code : code.replaceAll(counters, '')}\n// ${name}`,
  )
  const exits = [[], [], [{ write }]]
  const fns = kept.map((fn) => new Function(`return ${fn} // ${name}`)())
  const { head: enter } = built(fns, [], exits, undefined, flows.counts)
  const body = `for (let i = 0; i < ${RECORDS}; i++) enter(from.record(i), 0) // ${name}`
  const all = loop('enter, from', body)
  const run = () => {
    begin()
    all(enter, from)
  }
  return { run, counts: flows.counts, flows }
}

/** Once every 50 ms, and before a task sleeps. */
function publishing() {
  const { flows } = chain(inputs['objects of two fields'](), { isCounted: true, name: 'published' })
  const words = new Float64Array(new SharedArrayBuffer(64))
  const tell = (operator, recordsIn, recordsOut) => {
    words[2 * operator] = recordsIn
    words[2 * operator + 1] = recordsOut
  }
  const run = () => {
    for (let i = 0; i < 1000; i++) flows.forEach(i, tell)
  }
  return { what: 'publishing three operators', actions: 1000, run }
}

/** Records of a page that are written into another one, as those that cross an exchange are. */
function pageOf(make) {
  const codecs = new Codecs()
  const records = Array.from({ length: RECORDS }, (_, i) => make(i))
  const shape = records.reduce((known, one) => codecs.widen(known, one), codecs.learn(records[0]))
  const writerTo = () => {
    const views = pageViews(new SharedArrayBuffer(PAGE_BYTES))
    const writer = codecs.writer(shape, false)
    const begin = () => writer.begin(views, 0, PAGE_BYTES)
    const write = (one) => {
      if (writer.append(one, 0) !== APPENDED) throw new Error('the page is too small')
    }
    return { views, writer, begin, write }
  }
  const first = writerTo()
  first.begin()
  for (const one of records) first.write(one)
  first.writer.finish()
  const from = codecs.reader(shape, false)
  from.open(first.views, 0)
  const { begin, write } = writerTo()
  return { from, begin, write }
}
