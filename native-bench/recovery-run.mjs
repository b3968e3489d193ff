// The recovery benchmark's job with its clock: used in the benchmark's own process and, as the main
// module, in one that is killed: `node recovery-run.mjs DIRECTORY KEYS [restore]`.
import { runJob } from 'sluice'

const POLL_MS = 1
const THROW = 0
const THROWN = 1
const OPENED = 2
const FIRST = 3
const EVERY_KEY = 4

export const nowMs = () => performance.timeOrigin + performance.now()
/** Milliseconds of CPU that the process has used. */
const cpuMs = () => (process.cpuUsage().user + process.cpuUsage().system) / 1e3
const later = () => new Promise((resolve) => setTimeout(resolve, POLL_MS))

/** Starts the job; `at` collects when it did what, epoch ms. */
export async function startRecoveryJob({ dir, keys, restore }) {
  const control = new Float64Array(new SharedArrayBuffer(5 * Float64Array.BYTES_PER_ELEMENT))
  const at = { cpuMs: 0 }
  const job = await runJob(new URL('./jobs/recovery.ts', import.meta.url), {
    args: { keys, control: control.buffer },
    checkpoints: { dir },
    restart: { delay: 0 },
    restore,
    log: logInto(at),
  })
  const first = async () => {
    while (control[FIRST] === 0) await later()
    const firstAt = { opened: control[OPENED], first: control[FIRST], cpuMs: cpuMs() - at.cpuMs }
    while (control[EVERY_KEY] === 0) await later()
    return { ...at, ...firstAt, everyKey: control[EVERY_KEY] }
  }
  return {
    job,
    first,
    /** All keys have a value, and all that is in a checkpoint. */
    async checkpointed() {
      while (job.metrics().recordsWritten < keys) await later()
      await job.checkpoints.trigger()
    },
    async throwNow() {
      control[FIRST] = 0
      control[EVERY_KEY] = 0
      control[THROW] = 1
      at.cpuMs = cpuMs()
      const times = await first()
      return { ...times, thrown: control[THROWN] }
    },
  }
}

/** When the job last went into each phase. */
function logInto(at) {
  const note = (fields, message) => {
    if (message === 'job changes its phase') at[fields.to] = nowMs()
    if (message === 'going on from a checkpoint') at.recovered = nowMs()
  }
  return { debug: note, info: note, warn: note, error: note }
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const at = { begun: nowMs() }
  const [dir, keys, restore] = process.argv.slice(2)
  const started = await startRecoveryJob({ dir, keys: Number(keys), restore })
  if (restore === undefined) await started.checkpointed()
  console.log(JSON.stringify({ ...at, ...(await started.first()) }))
}
