// Records a second through a channel, {key: string, value: number}: written and read page by page
// in one thread, and from one thread to another.
import { Doorbell } from '../../dist/channel/doorbell.js'
import { measureTasks } from '../kit/tasks.mjs'
import { median, round } from '../measure.mjs'
import { newChannel, readerOf, twoThreads, writerTo } from '../ring-ends.mjs'

const RECORDS = 8_000_000
const RECORDS_SMOKE = 100_000
const KEY_CHARS = 'key-1000000'.length
const ROUND = 20_000

export default {
  name: 'ring',
  what: 'records/s through a channel: in one thread, and between two',

  async run(options) {
    const alone = await oneThread(options)
    const records = options.smoke ? RECORDS_SMOKE : RECORDS
    const between = []
    for (let i = 0; i < options.repeat; i++) between.push(await exchange(records))
    const measured = { 'one thread': alone, 'two threads': between }
    const rows = Object.entries(measured).map(([what, runs]) => ({
      what,
      'M records/s': round(median(runs), 1),
      'ns a record': round(1e3 / median(runs), 1),
    }))
    const figure = (runs) => ({ value: median(runs), unit: 'M records/s', better: 'more', runs })
    const figures = Object.entries(measured).map(([what, runs]) => [what, figure(runs)])
    return { rows, figures: Object.fromEntries(figures) }
  },
}

/** Both ends' work, one after the other: as much is written as there is credit for, and read. */
async function oneThread(options) {
  const { input, output, bells } = newChannel()
  const { fill, credit } = writerTo(output, new Doorbell(bells.producer))
  const { readPages } = readerOf(input)
  let written = 0
  let sum = 0
  const pass = () => {
    const to = written + ROUND
    while (written < to) {
      written = fill(written, to)
      sum += readPages()
      credit.recheck()
    }
  }
  const [{ runs }] = await measureTasks(
    [{ what: 'one thread', actions: ROUND, run: pass }],
    options,
  )
  if (sum === 0) throw new Error('nothing was read')
  return runs.map((ns) => 1e3 / ns)
}

async function exchange(records) {
  const { result, ms } = await twoThreads({ producer: 'produce', consumer: 'consume' }, { records })
  const expected = (records * (records - 1)) / 2 + records * KEY_CHARS
  if (result !== expected) throw new Error(`records that sum up to ${result}, not ${expected}`)
  return records / ms / 1e3
}
