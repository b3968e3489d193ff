// Both ends of a channel as tasks have them, without the tasks.
import { Worker } from 'node:worker_threads'
import { createChannel } from '../dist/channel/create-channel.js'
import { Doorbell } from '../dist/channel/doorbell.js'
import { EdgeState } from '../dist/channel/edge-state.js'
import { InputChannel } from '../dist/channel/input-channel.js'
import { OutputChannel } from '../dist/channel/output-channel.js'
import { OutputCredit } from '../dist/channel/output-credit.js'
import { ringSize } from '../dist/channel/ring-layout.js'
import { Codecs } from '../dist/codec/codecs.js'

const KEYS = 10_000
const STEP = 7919

/** The descriptions of a channel between two threads, and their doorbells. */
export function newChannel() {
  const producer = Doorbell.allocate()
  const consumer = Doorbell.allocate()
  const options = { producerDoorbell: producer, consumerDoorbell: consumer }
  return { ...createChannel({ size: ringSize(1), ...options }), bells: { producer, consumer } }
}

export function writerTo(end, doorbell) {
  const credit = new OutputCredit({ doorbell, beyondOverdraft: 'block' })
  const options = { codecs: new Codecs(), credit, edge: new EdgeState(), withTime: false }
  const output = new OutputChannel(end, options)
  const keys = Array.from({ length: KEYS }, (_, k) => `key-${1_000_000 + k}`)
  /** Writes records [from, to) while there is credit; returns the first that was not written. */
  const fill = (from, to) => {
    let k = from
    let key = from % KEYS
    for (; k < to && credit.stalled === 0; k++) {
      key += STEP
      if (key >= KEYS) key -= KEYS
      output.write({ key: keys[key], value: k }, 0)
    }
    return k
  }
  return { output, credit, fill }
}

export function readerOf(end) {
  const input = new InputChannel(end, { index: 0, codecs: new Codecs() })
  /** Reads the pages that are there, and the marks; returns the sum of all fields. */
  const readPages = () => {
    let sum = 0
    while (input.poll()) {
      if (input.cursor === input.limit) input.takeMark()
      else sum += readRange(input)
    }
    return sum
  }
  return { input, readPages }
}

function readRange(input) {
  const { reader, limit } = input
  let sum = 0
  for (let k = input.cursor; k < limit; k++) {
    const record = reader.record(k)
    sum += record.value + record.key.length
  }
  input.advance(limit)
  return sum
}

/**
 * Two threads with a role each at the ends of a channel. Gives what they return, and the
 * milliseconds from the moment at which both were ready.
 */
export async function twoThreads(roles, options) {
  const { input, output, bells } = newChannel()
  const workers = [
    start({ role: roles.producer, end: output, doorbell: bells.producer, ...options }),
    start({ role: roles.consumer, end: input, doorbell: bells.consumer, ...options }),
  ]
  await Promise.all(workers.map(message))
  const startMs = performance.now()
  for (const worker of workers) worker.postMessage('go')
  const [, result] = await Promise.all(workers.map(message))
  const ms = performance.now() - startMs
  await Promise.all(workers.map((worker) => worker.terminate()))
  return { result, ms }
}

function start(workerData) {
  const url = new URL('./ring-worker.mjs', import.meta.url)
  return new Worker(url, { workerData, transferList: [workerData.end.port] })
}

function message(worker) {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}
