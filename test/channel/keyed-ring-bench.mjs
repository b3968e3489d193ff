/**
 * What an exchange costs: `node test/channel/keyed-ring-bench.mjs [million records]` after a build.
 * Producer threads write {key: string, value: number} through a hash edge; consumer threads read
 * real objects and touch both fields. Shows ns a record for 1x1 and 2x2 threads, and what a write
 * costs in the producer alone, on a forward edge and on a hash edge.
 */
import { fileURLToPath } from 'node:url'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { createChannel } from '../../dist/channel/create-channel.js'
import { Doorbell } from '../../dist/channel/doorbell.js'
import { EdgeState } from '../../dist/channel/edge-state.js'
import { InputChannel } from '../../dist/channel/input-channel.js'
import { InputGate } from '../../dist/channel/input-gate.js'
import { OutputChannel } from '../../dist/channel/output-channel.js'
import { OutputCredit } from '../../dist/channel/output-credit.js'
import { RecordWriter } from '../../dist/channel/record-writer.js'
import { ringSize } from '../../dist/channel/ring-layout.js'
import { Codecs } from '../../dist/codec/codecs.js'

const KEYS = 10_000
const STEP = 7_919
const ROUNDS = 7
const figures = new Map()
const MAX_PARALLELISM = 128

function writerOver(descriptions, doorbell, kind = 'hash') {
  const credit = new OutputCredit({ doorbell, beyondOverdraft: 'block' })
  const edge = new EdgeState()
  const options = { codecs: new Codecs(), credit, edge, withTime: false }
  const channels = descriptions.map((one) => new OutputChannel(one, options))
  const routing = { kind, key: { field: 'key' } }
  const writer = new RecordWriter({ routing, channels, edge, maxParallelism: MAX_PARALLELISM })
  return { credit, writer }
}

function produce({ outputs, records, doorbell: buffer }) {
  const doorbell = new Doorbell(buffer)
  const { credit, writer } = writerOver(outputs, doorbell)
  const keys = Array.from({ length: KEYS }, (_, k) => `key-${1_000_000 + k}`)
  let done = 0
  while (done < records) {
    done = fill({ writer, credit, keys, from: done, to: records })
    while (!credit.recheck()) doorbell.park(() => credit.recheck(), Number.POSITIVE_INFINITY)
  }
  writer.end()
}

function fill({ writer, credit, keys, from, to }) {
  const { write } = writer
  let k = from
  let key = from % KEYS
  for (; k < to && credit.stalled === 0; k++) {
    // Not in the order in which the strings lie in memory; no division, which would cost as much.
    key += STEP
    if (key >= KEYS) key -= KEYS
    write({ key: keys[key], value: k }, 0)
  }
  return k
}

function consume({ inputs, doorbell: buffer }) {
  const doorbell = new Doorbell(buffer)
  const codecs = new Codecs()
  const channels = inputs.map((one, index) => new InputChannel(one, { index, codecs }))
  const gate = new InputGate(channels)
  let sum = 0
  while (channels.some((channel) => !channel.ended)) {
    const channel = gate.next()
    if (channel === undefined) doorbell.park(() => gate.ready(), Number.POSITIVE_INFINITY)
    else if (channel.cursor === channel.limit) channel.takeMark()
    else {
      sum += touch(channel.reader, channel.cursor, channel.limit)
      channel.advance(channel.limit)
    }
  }
  return sum
}

function touch(reader, from, to) {
  let sum = 0
  for (let k = from; k < to; k++) {
    const record = reader.record(k)
    sum += record.value + record.key.length
  }
  return sum
}

async function exchange(producers, consumers, records) {
  const size = ringSize(producers)
  const bells = (count) => Array.from({ length: count }, () => Doorbell.allocate())
  const from = bells(producers)
  const to = bells(consumers)
  const grid = from.map((producerDoorbell) =>
    to.map((consumerDoorbell) => createChannel({ size, producerDoorbell, consumerDoorbell })),
  )
  const tasks = [
    ...from.map((doorbell, p) => {
      const outputs = grid[p].map((channel) => channel.output)
      return { doorbell, outputs, inputs: [], records: records / producers }
    }),
    ...to.map((doorbell, c) => {
      return { doorbell, outputs: [], inputs: grid.map((row) => row[c].input) }
    }),
  ]
  const workers = tasks.map((task) => {
    const transferList = [...task.inputs, ...task.outputs].map((end) => end.port)
    return new Worker(fileURLToPath(import.meta.url), { workerData: task, transferList })
  })
  const messages = () => Promise.all(workers.map((w) => new Promise((r) => w.once('message', r))))
  await messages()
  const startMs = performance.now()
  const startCpu = process.cpuUsage()
  const ended = messages()
  for (const worker of workers) worker.postMessage('go')
  await ended
  note(`${producers}x${consumers}, ns a record`, ((performance.now() - startMs) / records) * 1e6)
  const { user, system } = process.cpuUsage(startCpu)
  note(`${producers}x${consumers}, ns of CPU a record`, ((user + system) / records) * 1e3)
  await Promise.all(workers.map((worker) => worker.terminate()))
}

/** The producer's side alone: the consumer's releases are played by this thread, unmeasured. */
function writeCost({ kind, channelCount, records }) {
  const doorbell = Doorbell.allocate()
  const options = { size: ringSize(1), producerDoorbell: doorbell, consumerDoorbell: doorbell }
  const channels = Array.from({ length: channelCount }, () => createChannel(options))
  const outputs = channels.map((channel) => channel.output)
  const { credit, writer } = writerOver(outputs, new Doorbell(doorbell), kind)
  const inputs = channels.map(({ input }, index) => {
    return new InputChannel(input, { index, codecs: new Codecs() })
  })
  const keys = Array.from({ length: KEYS }, (_, k) => `key-${1_000_000 + k}`)
  let best = Number.POSITIVE_INFINITY
  for (let done = 0; done < records; ) {
    const from = done
    const startMs = performance.now()
    done = fill({ writer, credit, keys, from, to: records })
    best = Math.min(best, (performance.now() - startMs) / (done - from))
    for (const input of inputs) while (input.poll()) input.advance(input.limit)
    credit.recheck()
  }
  return best * 1e6
}

/** In a thread of its own, so that its code is compiled for its kind of edge alone. */
async function writeCostOf(kind, channelCount, records) {
  const cost = { kind, channelCount, records }
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { cost } })
  const result = await new Promise((resolve) => worker.once('message', resolve))
  note(`${kind} over ${channelCount}, ns a write (best of many rings full)`, result)
  await worker.terminate()
}

function note(name, value) {
  figures.set(name, [...(figures.get(name) ?? []), value])
}

function report() {
  for (const [name, values] of figures) {
    const sorted = values.toSorted((a, b) => a - b)
    const median = sorted[sorted.length >> 1]
    console.log(`${name}: best ${sorted[0].toFixed(1)}, median ${median.toFixed(1)}`)
  }
}

if (isMainThread) {
  const records = Number(process.argv[2] ?? 4) * 1e6
  for (let round = 0; round < ROUNDS; round++) {
    await writeCostOf('forward', 1, records)
    await writeCostOf('hash', 2, records)
    await writeCostOf('hash', 8, records)
    await exchange(1, 1, records)
    await exchange(2, 2, records)
  }
  report()
} else if (workerData.cost !== undefined) {
  parentPort.postMessage(writeCost(workerData.cost))
} else {
  parentPort.once('message', () => {
    if (workerData.inputs.length > 0) parentPort.postMessage(consume(workerData))
    else parentPort.postMessage(produce(workerData))
  })
  parentPort.postMessage('ready')
}
