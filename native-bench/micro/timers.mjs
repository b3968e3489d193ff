// Nanoseconds to set, take back and fire timers that are pending by the hundred thousand: at times
// of their own, and in crowds, as window ends and rounded times come.
import { TimerQueue } from '../../dist/time/timer-queue.js'
import { figuresOf, measureTasks, rowsOf, sink } from '../kit/tasks.mjs'

const TIMERS = 100_000
const times = {
  'times of their own': (i) => (i * 2654435761) >>> 0,
  'a thousand in one second': (i) => 1000 * (((i * 2654435761) >>> 0) % (TIMERS / 1000)),
}

export default {
  name: 'timers',
  what: 'ns to add, delete and pop one of 100,000 timers',
  repeat: 3,

  async run({ smoke, repeat }) {
    const count = smoke ? 1_000 : TIMERS
    const tasks = Object.entries(times).flatMap(([what, timeOf]) => tasksOf(what, timeOf, count))
    const measured = await measureTasks(tasks, { smoke, repeat })
    if (sink.sum === 0) throw new Error('no timer fired')
    return { rows: rowsOf(measured), figures: figuresOf(measured) }
  },
}

function tasksOf(what, timeOf, count) {
  let queue
  const at = Float64Array.from({ length: count }, (_, i) => timeOf(i))
  const begin = () => {
    queue = new TimerQueue()
  }
  const add = () => {
    for (let i = 0; i < count; i++) queue.add(at[i], i)
    if (queue.size !== count) throw new Error('a timer is missing')
  }
  const begun = () => {
    begin()
    add()
  }
  /** In an order that is neither that of the times nor that in which they were set. */
  const remove = () => {
    let slot = 0
    for (let i = 0; i < count; i++) {
      slot = (slot + 7919) % count
      queue.delete(at[slot], slot)
    }
    if (queue.size !== 0) throw new Error('a timer is left')
  }
  const pop = () => {
    while (queue.size > 0) sink.sum += queue.pop()
  }
  return [
    { what: `add, ${what}`, actions: count, before: begin, run: add },
    { what: `delete, ${what}`, actions: count, before: begun, run: remove },
    { what: `pop, ${what}`, actions: count, before: begun, run: pop },
  ]
}
