// A thread at one end of a channel, for the benchmarks of rings and of wake-ups. `workerData`:
// { role, end, doorbell, records, gapMs? }, the roles being those below.
import { parentPort, workerData } from 'node:worker_threads'
import { Doorbell } from '../dist/channel/doorbell.js'
import { readerOf, writerTo } from './ring-ends.mjs'

const roles = { produce, consume, send, receive }
const doorbell = new Doorbell(workerData.doorbell)

parentPort.once('message', () => parentPort.postMessage(roles[workerData.role](workerData)))
parentPort.postMessage('ready')

/** As fast as there is credit. */
function produce({ end, records }) {
  const { output, credit, fill } = writerTo(end, doorbell)
  for (let done = 0; done < records; ) {
    done = fill(done, records)
    while (!credit.recheck()) doorbell.park(() => credit.recheck(), Number.POSITIVE_INFINITY)
  }
  output.end()
}

/** Returns the sum of all that was read. */
function consume({ end }) {
  const reader = readerOf(end)
  let sum = 0
  for (;;) {
    sum += reader.readPages()
    if (reader.input.ended) return sum
    doorbell.park(() => reader.input.hasInput(), Number.POSITIVE_INFINITY)
  }
}

/** One record at a time, with the moment of its sending, long enough after the one before. */
function send({ end, records, gapMs }) {
  const { output } = writerTo(end, doorbell)
  const clock = new Int32Array(new SharedArrayBuffer(4))
  for (let k = 0; k < records; k++) {
    Atomics.wait(clock, 0, 0, gapMs)
    output.write({ key: 'a key', value: monotonicUs() }, 0)
    output.flush()
  }
  output.end()
}

/** Returns how many microseconds after its sending each record was read. */
function receive({ end, records }) {
  const { input } = readerOf(end)
  const took = new Float64Array(records)
  for (let k = 0; k < records; ) {
    if (!input.poll()) {
      doorbell.park(() => input.hasInput(), Number.POSITIVE_INFINITY)
      continue
    }
    for (; input.cursor < input.limit; input.advance(input.cursor + 1)) {
      took[k++] = monotonicUs() - input.reader.record(input.cursor).value
    }
  }
  return took
}

/** On a clock that all threads share. */
function monotonicUs() {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1e6 + nanoseconds / 1e3
}
