/**
 * One task of the stress test: reads all its inputs, checks every record, writes to its outputs,
 * stalls at random, and parks without a time limit, so that a lost wake-up is a hang.
 * Runs compiled code: a worker thread cannot load TypeScript.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { prng } from '../../dist/base/prng.js'
import { Doorbell } from '../../dist/channel/doorbell.js'
import { EdgeState } from '../../dist/channel/edge-state.js'
import { InputChannel } from '../../dist/channel/input-channel.js'
import { InputGate } from '../../dist/channel/input-gate.js'
import { keyGroupHasher, ownersOfKeyGroups } from '../../dist/channel/key-routing.js'
import { OutputChannel } from '../../dist/channel/output-channel.js'
import { OutputCredit } from '../../dist/channel/output-credit.js'
import { RecordWriter } from '../../dist/channel/record-writer.js'
import { Codecs } from '../../dist/codec/codecs.js'
import { MARK_END, MARK_WATERMARK } from '../../dist/codec/page.js'

const { plan, seed, channelIds, progress: shared, index } = workerData
const random = prng(seed)
const progress = new Int32Array(shared)
const pauseWord = new Int32Array(new SharedArrayBuffer(4))
const doorbell = new Doorbell(workerData.doorbell)
const codecs = new Codecs()
const credit = new OutputCredit({
  doorbell,
  beyondOverdraft: 'block',
  overdraftBytesMax: plan.overdraftBytesMax,
})
const edge = new EdgeState()
const MAX_PARALLELISM = 128
const groupOf = keyGroupHasher(MAX_PARALLELISM)
/** By parallelism: the keys of each consumer. */
const keysOf = new Map()
const gate = new InputGate(
  workerData.inputs.map((input, k) => new InputChannel(input, { index: k, codecs })),
)
const outputs = workerData.outputs.map(
  (output) => new OutputChannel(output, { codecs, credit, edge, withTime: true }),
)
const writer =
  outputs.length === 0
    ? undefined
    : new RecordWriter({
        routing:
          plan.keys > 0
            ? { kind: 'hash', key: { field: 'key' } }
            : { kind: 'custom', key: { field: 'to' }, choose: (to) => to },
        channels: outputs,
        edge,
        maxParallelism: MAX_PARALLELISM,
        textsMax: plan.textsMax,
      })

const sent = outputs.map(() => 0)
const received = gate.channels.map(() => 0)
let ended = 0
let parks = 0
let left = plan.calls

const hasCredit = () => credit.stalled === 0 || credit.recheck()
const hasWork = () => hasCredit() && (gate.channels.length === 0 || gate.ready())

await run()
parentPort.postMessage({ sent, received, parks, blocks: credit.blocks })

async function run() {
  for (;;) {
    if (!hasCredit()) await park()
    else if (gate.channels.length === 0) {
      if (left-- === 0) break
      call()
    } else if (!read()) {
      if (ended === gate.channels.length) break
      writer?.flush()
      await park()
    }
  }
  writer?.end()
}

/** One call of a user's function: mostly one record, sometimes a fan-out. */
function call() {
  const records = random.below(64) === 0 ? 1 + random.below(plan.fanOut) : plan.recordsPerCall
  for (let k = 0; k < records; k++) emit()
  if (random.below(100) === 0) writer.flush()
  if (random.below(300) === 0) mark()
  stall()
}

function emit() {
  const to = random.below(outputs.length)
  const seq = sent[to]++
  writer.write(recordOf(channelIds.outputs[to], seq, { to, of: outputs.length }), seq)
}

function mark() {
  for (const [to, output] of outputs.entries()) output.mark(MARK_WATERMARK, sent[to])
}

/** Takes a part of a page; false if there was none. */
function read() {
  const channel = gate.next()
  if (channel === undefined) return false
  const k = channel.index
  if (channel.cursor === channel.limit) {
    if (channel.markKind === MARK_END) ended++
    else check(channel.markValue === received[k], `watermark ${channel.markValue}`, k)
    channel.takeMark()
    return true
  }
  const to = channel.cursor + 1 + random.below(channel.limit - channel.cursor)
  for (let row = channel.cursor; row < to; row++) {
    checkRecord(channel.reader.record(row), channel.reader.time(row), k)
    if (writer !== undefined) emit()
  }
  channel.advance(to)
  stall()
  return true
}

function checkRecord(record, timeMs, k) {
  const seq = received[k]++
  const expected = recordOf(channelIds.inputs[k], seq, record)
  const isMeant = record.seq === seq && record.key === expected.key
  const same = isMeant && record.pad === expected.pad && record.big === expected.big
  check(same && timeMs === seq, `record ${record.seq} (${record.pad?.length} chars)`, k)
  progress[index]++
}

function check(holds, what, k) {
  if (!holds)
    throw new Error(`channel ${k} of task ${index}: ${what} instead of ${received[k] - 1}`)
}

/** Both ends make the same record from a channel's id and a sequence number. */
function recordOf(channelId, seq, { to, of }) {
  const { below } = prng(Math.imul(channelId + 1, 7919) ^ seq)
  const head = plan.keys > 0 ? { to, of, key: keyOf(below, to, of) } : { to }
  if (plan.bigEvery > 0 && below(plan.bigEvery) === 0) {
    const char = below(2) === 0 ? 'b' : '漢'
    return { ...head, seq, pad: '', big: char.repeat(below(plan.bigChars)) }
  }
  const pad = below(8) === 0 ? 'ü漢'.repeat(below(9)) : 'p'.repeat(below(9))
  return { ...head, seq, pad }
}

/** One of the consumer's own, so that it is known where a record has to arrive. */
function keyOf(below, to, of) {
  let keys = keysOf.get(of)
  if (keys === undefined) {
    keys = Array.from({ length: of }, () => [])
    const owners = ownersOfKeyGroups(MAX_PARALLELISM, of)
    for (let n = 0; n < plan.keys || keys.some((own) => own.length === 0); n++) {
      const key = n % 7 === 0 ? `鍵${n}` : n % 5 === 0 ? `a key that is longer: ${n}` : `k${n}`
      keys[owners[groupOf(key)]].push(key)
    }
    keysOf.set(of, keys)
  }
  return keys[to][below(keys[to].length)]
}

function stall() {
  const kind = random.below(1000)
  if (kind < plan.sleepsPerMille) Atomics.wait(pauseWord, 0, 0, random.below(20) / 10)
  else if (kind < 60) for (let k = random.below(3000); k > 0; k--);
}

async function park() {
  parks++
  progress[index]++
  if (plan.parks === 'sync' || (plan.parks === 'mixed' && random.below(3) > 0)) {
    return doorbell.park(hasWork, Number.POSITIVE_INFINITY)
  }
  await doorbell.parkAsync(hasWork, Number.POSITIVE_INFINITY)
}
