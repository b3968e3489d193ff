import { ratiosInTurns } from '../kit/ratios.mjs'
import { windowsOf } from '../kit/windows.mjs'

const COUNT = new URL('../jobs/keyed-count.ts', import.meta.url)
const FAN_OUT = new URL('../jobs/fan-out.ts', import.meta.url)
const KEYS = 10_000
const CONSUMERS = 8
/** Each thread compiles the job for itself: by then its code is as good as it becomes. */
const WARM_UP_RECORDS = 4_000_000

const cases = [
  ...[2, 8, 16, 32].map((wide) => ({
    what: `keyed count, ${wide} x ${wide}`,
    base: wide === 2 ? undefined : 'keyed count, 2 x 2',
    url: COUNT,
    parallelism: wide,
  })),
  fanOut({ to: 'one in turn', consumers: 1 }),
  fanOut({ to: 'one in turn', consumers: CONSUMERS }),
  fanOut({ to: 'all', consumers: CONSUMERS }),
]

export default {
  name: 'wide-exchanges',
  what: 'many more subtasks than cores, each source with a channel to each of the others',
  bar: 'on two cores 8 x 8 at least 75 % of 2 x 2, 32 x 32 at least 55 %',
  fairness:
    'P x P is P sources and P counters, a thread each. In a fan-out a record counts each time ' +
    'that a consumer takes it, so that a broadcast to 8 may count 8 times what its source reads. ' +
    'The warm-up lasts until each consumer has had 4 M records, a minute and more for 32.',
  repeat: 3,

  async run({ smoke, repeat, only }) {
    const times = smoke
      ? { warmup: 0, seconds: 0.1, windows: 1 }
      : { warmup: 1, seconds: 2, windows: 3 }
    const chosen = cases.filter(({ what, parallelism = 1 }) => {
      return what.includes(only) && (!smoke || parallelism <= CONSUMERS)
    })
    // What the others are compared with runs with them, whatever was chosen.
    const bases = cases.filter(({ what }) => chosen.some(({ base }) => base === what))
    const turns = cases.filter((one) => chosen.includes(one) || bases.includes(one))
    return ratiosInTurns(
      turns.map(({ what, base, url, parallelism, args }) => {
        const consumers = args?.consumers ?? parallelism
        const known = smoke ? 2 * KEYS : consumers * WARM_UP_RECORDS
        const options = { parallelism, args: { keys: KEYS, ...args }, known, ...times }
        return { what, base, run: () => windowsOf(url, options) }
      }),
      repeat,
    )
  },
}

function fanOut({ to, consumers }) {
  const what = (to, consumers) => `1 x ${consumers}, to ${to}`
  const base = consumers === 1 ? undefined : what('one in turn', 1)
  return { what: what(to, consumers), base, url: FAN_OUT, args: { to, consumers } }
}
