import { runJob } from 'sluice'
import { importTypeScript } from '../import-typescript.mjs'
import { timesOf } from '../kit/windows.mjs'
import { median, round, sleep, watched } from '../measure.mjs'
import { casesInTurns } from '../rivals.mjs'

const MODULES = new URL('../nexmark/', import.meta.url)
const JOB = new URL('../jobs/nexmark.ts', import.meta.url)
const QUERIES = ['q0', 'q1', 'q2', 'q14', 'q21', 'q22']
const WITH_CHANNELS = ['q21', 'q22']
const ORIGINS = ['generator', 'objects', 'bytes']
const PARALLELISMS = [1, 2]
/** Of the time within the events; how fast they come has nothing to do with it. */
const RATE = 100_000
/** More than are read before the job is cancelled, and so few that ids remain int32. */
const ENOUGH_EVENTS = 2 ** 31 - 2 ** 20
const BLOCK_EVENTS = 500
const WARM_UP_MS = 2_000
const MEASURE_MS = 1_000
const SMOKE_MS = 20
const SMOKE_RING_EVENTS = 5_000
const POLL_MS = 5

const cases = PARALLELISMS.flatMap((parallelism) =>
  ORIGINS.flatMap((origin) =>
    QUERIES.map((query) => ({
      what: `${query} ${origin} p${parallelism}`,
      query,
      origin,
      parallelism,
    })),
  ),
)

/** What is compared with `--vs`: the same events from rings of the same size. */
const RIVAL_RING_EVENTS = 50_000
/** Enough for minutes at any rate, and ids remain int32. */
const RIVAL_EVENTS = 2 ** 34
const SOURCES = {
  objects: 'objects in memory on both sides',
  bytes: "bytes on both sides, our pages and Flink's POJOs",
}

const rivalCases = Object.keys(SOURCES).flatMap((origin) =>
  ['q0', 'q1', 'q2'].map((query) => ({
    what: `${query}, ${SOURCES[origin]}, parallelism 2`,
    ours: {
      url: JOB,
      parallelism: 2,
      args: { query, origin, rate: RATE, ringEvents: RIVAL_RING_EVENTS, events: RIVAL_EVENTS },
      // All kinds of events count as records.
      counted: 'recordsRead',
    },
    flink: { job: `${query}-${origin}`, parallelism: 2, rate: RATE, ring: RIVAL_RING_EVENTS },
  })),
)

export default {
  name: 'nexmark',
  what: "Nexmark's stateless queries over events drawn, kept or decoded; --print: the events",
  options: {
    events: { type: 'string' },
    rate: { type: 'string' },
    print: { type: 'boolean' },
    'flink-compat': { type: 'boolean' },
  },
  bar: 'against Flink 2.5 times as many events from bytes, as many from objects',
  fairness:
    'Against Flink: it moves the ids and times of an object in memory on in place, where we make ' +
    'a new object for each event; its ids are 64 bits wide, ours are numbers that stay below ' +
    '2^31; each side decodes what its own codec wrote.',
  vs: ['flink'],
  /** Seconds of each job that are measured; with `--vs`, runs. */
  repeat: 3,

  /** With --print: the events as lines of text, and no measurement. */
  instead({ print, events = '1000', rate = RATE, 'flink-compat': flinkCompat }) {
    if (!print) return undefined
    const options = { events: Number(events), rate: Number(rate), flinkCompat }
    return async () => {
      const { printEvents } = await importTypeScript(new URL('print.ts', MODULES))
      // Whoever reads may have seen enough.
      process.stdout.on('error', (error) => process.exit(error.code === 'EPIPE' ? 0 : 1))
      await printEvents(process.stdout, options)
    }
  },

  async run({ smoke, repeat, only, options, vs }) {
    if (vs !== undefined) {
      return casesInTurns(rivalCases, { only, repeat, vs, times: timesOf(smoke) })
    }
    if (options.events !== undefined) throw new Error('--events belongs to --print')
    const rate = Number(options.rate ?? RATE)
    const ceilings = []
    for (const flinkCompat of [false, true]) {
      const what = `generator alone, ${flinkCompat ? 'with' : 'no'} channels`
      const samples = await generatorAlone({ rate, flinkCompat, smoke, repeat })
      ceilings.push({ what, flinkCompat, samples })
    }
    const results = []
    for (const each of chosenCases({ smoke, only })) {
      results.push({ ...each, samples: await measureJob({ ...each, rate, smoke, repeat }) })
    }
    return {
      rows: [...ceilings, ...results].map((result) => rowOf(result, ceilings)),
      rate,
      ceilings,
      cases: results,
    }
  },
}

/** For a moment each query once, and each origin. */
function chosenCases({ smoke, only }) {
  const named = cases.filter(({ what }) => what.includes(only))
  const isSample = ({ query, origin, parallelism }) =>
    parallelism === 2 && QUERIES.indexOf(query) % ORIGINS.length === ORIGINS.indexOf(origin)
  return smoke ? named.filter(isSample) : named
}

/** One thread that makes the events and does nothing with them. */
async function generatorAlone({ rate, flinkCompat, smoke, repeat }) {
  const { NexmarkGenerator, configOf } = await importTypeScript(new URL('alone.ts', MODULES))
  const generator = new NexmarkGenerator(configOf({ rate, flinkCompat }), BLOCK_EVENTS)
  let done = 0
  const forMs = (ms) => {
    const endMs = performance.now() + ms
    while (performance.now() < endMs) {
      generator.fill(done, BLOCK_EVENTS)
      for (let i = 0; i < BLOCK_EVENTS; i++) last.event = generator.record(i)
      done += BLOCK_EVENTS
    }
  }
  forMs(smoke ? SMOKE_MS : WARM_UP_MS)
  return samplesOf({ repeat, events: () => done, pass: () => forMs(smoke ? SMOKE_MS : MEASURE_MS) })
}

/** Somebody might look at it: so it has to be made. */
const last = { event: undefined }

/** Seconds of a job without end, once its rings are full and its code is compiled. */
async function measureJob({ query, origin, parallelism, rate, smoke, repeat }) {
  const ring = smoke ? { ringEvents: SMOKE_RING_EVENTS } : {}
  const job = await runJob(JOB, {
    parallelism,
    args: { query, origin, rate, events: ENOUGH_EVENTS, ...ring },
  })
  const sources = () => job.metrics().subtasks.map(({ recordsIn }) => recordsIn)
  while (sources().some((records) => records === 0)) await sleep(POLL_MS)
  await sleep(smoke ? SMOKE_MS : WARM_UP_MS)
  const samples = await samplesOf({
    repeat,
    events: () => job.metrics().recordsRead,
    pass: () => sleep(smoke ? SMOKE_MS : MEASURE_MS),
  })
  await job.cancel()
  return samples
}

async function samplesOf({ repeat, events, pass }) {
  const samples = []
  for (let i = 0; i < repeat; i++) {
    const before = events()
    const { ms, cores, otherCores } = await watched(pass)
    const eventsPerSecond = ((events() - before) * 1e3) / ms
    samples.push({ eventsPerSecond, eventsPerCpuSecond: eventsPerSecond / cores, otherCores })
  }
  return samples
}

function rowOf({ what, query, origin, samples }, ceilings) {
  const middle = (name) => median(samples.map((sample) => sample[name]))
  const ceiling = ceilings.find(({ flinkCompat }) => flinkCompat === WITH_CHANNELS.includes(query))
  const share = middle('eventsPerCpuSecond') / median(ceiling.samples.map(perCpuSecond))
  const others = samples.map(({ otherCores }) => otherCores).filter((used) => used !== undefined)
  return {
    what,
    'M events/s': round(middle('eventsPerSecond') / 1e6),
    'M events/CPU s': round(middle('eventsPerCpuSecond') / 1e6),
    'of the generator alone': origin === 'generator' ? round(share) : '-',
    'cores of others': others.length > 0 ? round(median(others)) : '-',
  }
}

const perCpuSecond = ({ eventsPerCpuSecond }) => eventsPerCpuSecond
