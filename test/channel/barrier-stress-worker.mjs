/**
 * One task of the stress test of barriers. Sources write records and place the barriers of the
 * checkpoints that were triggered, each at its own random moment; the others align on them with
 * the real input of a task, note what they had received, and pass them on. Task 0 plays the
 * coordinator as well. Everybody stalls at random and parks without a time limit.
 * Runs compiled code: a worker thread cannot load TypeScript.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '../../dist/base/clock.js'
import { prng } from '../../dist/base/prng.js'
import { Doorbell } from '../../dist/channel/doorbell.js'
import { EdgeState } from '../../dist/channel/edge-state.js'
import { InputChannel } from '../../dist/channel/input-channel.js'
import { InputGate } from '../../dist/channel/input-gate.js'
import { OutputChannel } from '../../dist/channel/output-channel.js'
import { OutputCredit } from '../../dist/channel/output-credit.js'
import { RecordWriter } from '../../dist/channel/record-writer.js'
import { atomicWords } from '../../dist/channel/shared-words.js'
import { Codecs } from '../../dist/codec/codecs.js'
import { MARK_WATERMARK } from '../../dist/codec/page.js'
import { GateInput } from '../../dist/task/gate-input.js'
import { WatermarkValve } from '../../dist/time/watermark-valve.js'

/** Words that all tasks share; behind them two a checkpoint: acknowledgements, and if aborted. */
const TRIGGERED = 0
/** The last checkpoint there will be; 0 while it is not known. */
const LAST = 1
const ABORTS = 2
const FIRST_OF_CHECKPOINT = 8
/** More than are ever pending at once. */
const PENDING_MAX = 64

const { plan, seed, channelIds, index } = workerData
const random = prng(seed)
const progress = new Int32Array(workerData.progress)
const shared = new Int32Array(workerData.checkpoints)
const pauseWord = new Int32Array(new SharedArrayBuffer(4))
const words = hesitant(atomicWords)
const bells = workerData.doorbells.map((buffer) => new Doorbell(buffer, words))
const doorbell = bells[index]
const codecs = new Codecs()
const credit = new OutputCredit({ doorbell, beyondOverdraft: 'block', overdraftBytesMax: 1 << 20 })
const edge = new EdgeState()
const channels = workerData.inputs.map(
  (input, k) => new InputChannel(input, { index: k, codecs, words }),
)
const gate = new InputGate(channels, doorbell)
const outputs = workerData.outputs.map(
  (output) => new OutputChannel(output, { codecs, credit, edge, withTime: true, words }),
)
const writer =
  outputs.length === 0
    ? undefined
    : new RecordWriter({
        routing: { kind: 'custom', key: { field: 'to' }, choose: (to) => to },
        channels: outputs,
        edge,
        maxParallelism: 128,
      })
const input = new GateInput({
  gate,
  valve: new WatermarkValve(channels.length),
  makeLoop: () => undefined,
  run: (_, reader, from, to) => read(reader, from, to),
  onWatermark: () => {},
  onIdle: () => {},
  barriers: {
    clock: systemClock,
    onSnapshot: (cut) => snapshot(cut.barrier.checkpointId),
  },
})

const isSource = channels.length === 0
const isCoordinator = index === 0
const sent = outputs.map(() => 0)
const received = channels.map(() => 0)
/** [id, sent by output]: when the barrier was placed. */
const placed = []
/** [id, received by input]: when the snapshot was taken. */
const snapshots = []
const abortsSeen = new Set()
let abortsLookedAt = 0
let lastPlaced = 0
let parks = 0
let blocked = 0

if (isSource) await runSource()
else await runConsumer()
parentPort.postMessage({ sent, received, placed, snapshots, parks, blocked })

/**
 * Hesitates now and then before an access to a shared word, so that other threads get between two
 * accesses that otherwise lie some nanoseconds apart.
 */
function hesitant(inner) {
  const hesitate = () => {
    if (random.below(100) === 0) Atomics.wait(pauseWord, 0, 0, random.below(10) / 100)
  }
  const wrap = (access) =>
    function hesitantAccess(ints, word, value) {
      hesitate()
      return access(ints, word, value)
    }
  const { load, store, exchange, or } = inner
  return {
    ...inner,
    load: wrap(load),
    store: wrap(store),
    exchange: wrap(exchange),
    or: wrap(or),
  }
}

async function runSource() {
  for (let left = plan.calls; left > 0; ) {
    if (random.below(20) === 0) while (placeNext() && random.below(3) > 0) {}
    if (isCoordinator && random.below(plan.triggerOneIn) === 0) trigger()
    if (!hasCredit()) await park(hasCredit)
    else {
      call()
      left--
    }
  }
  writer.end()
  // Two more stand behind the end of every channel.
  if (isCoordinator) Atomics.store(shared, LAST, load(TRIGGERED) + 2)
  for (;;) {
    if (isCoordinator) while (trigger()) {}
    while (placeNext()) {}
    if (lastPlaced > 0 && lastPlaced === load(LAST)) return
    await park(() => lastPlaced < load(TRIGGERED) || (isCoordinator && mayTrigger()))
  }
}

async function runConsumer() {
  let hasEnded = false
  for (;;) {
    takeAborts()
    if (hasEnded && isOver()) return
    if (!hasCredit()) {
      if (input.takeBarrier()) continue
      await park(() => hasCredit() || hasAborts())
      continue
    }
    const result = input.step()
    if (result === 'progress') continue
    if (result === 'ended' && !hasEnded) {
      hasEnded = true
      writer?.end()
    }
    writer?.flush()
    blocked += channels.some((channel) => channel.blocked) ? 1 : 0
    await park(() => input.ready() || hasAborts() || (hasEnded && isOver()))
  }
}

function load(word) {
  return Atomics.load(shared, word)
}

function acknowledgementsOf(id) {
  return FIRST_OF_CHECKPOINT + 2 * id
}

function isAborted(id) {
  return load(acknowledgementsOf(id) + 1) === 1
}

/** Whether this task has taken part in all checkpoints that there will be. */
function isOver() {
  let id = load(LAST)
  if (id === 0) return false
  while (id > 0 && isAborted(id)) id--
  return id === 0 || snapshots.at(-1)?.[0] >= id
}

function wakeAll() {
  for (const bell of bells) bell.wake()
}

/** A checkpoint that nobody has to wait for. */
function isDone(id) {
  return load(acknowledgementsOf(id)) === bells.length || isAborted(id)
}

function mayTrigger() {
  const id = load(TRIGGERED)
  if (id === (load(LAST) || plan.checkpointsMax)) return false
  let pending = 0
  for (let k = Math.max(1, id - PENDING_MAX); k <= id; k++) if (!isDone(k)) pending++
  return pending < plan.concurrent
}

function trigger() {
  if (!mayTrigger()) return false
  const id = Atomics.add(shared, TRIGGERED, 1) + 1
  wakeAll()
  if (plan.abortOneIn > 0 && random.below(plan.abortOneIn) === 0) abort(id - random.below(3))
  return true
}

function abort(id) {
  if (id < 1) return
  Atomics.store(shared, acknowledgementsOf(id) + 1, 1)
  Atomics.add(shared, ABORTS, 1)
  wakeAll()
}

function hasAborts() {
  return load(ABORTS) !== abortsLookedAt
}

/** Like a message of the coordinator: some time later, before, between or behind the barriers. */
function takeAborts() {
  if (!hasAborts() || random.below(3) > 0) return
  abortsLookedAt = load(ABORTS)
  const last = load(TRIGGERED)
  for (let id = Math.max(1, last - PENDING_MAX); id <= last; id++) {
    if (!isAborted(id) || abortsSeen.has(id)) continue
    abortsSeen.add(id)
    input.abort(id)
  }
}

/** A source's part of the next checkpoint; false if there is none. */
function placeNext() {
  if (lastPlaced >= load(TRIGGERED)) return false
  lastPlaced++
  // Who knows of an abort may leave the barrier out.
  if (!isAborted(lastPlaced) || random.below(2) === 0) snapshot(lastPlaced)
  return true
}

function snapshot(id) {
  snapshots.push([id, [...received]])
  if (writer !== undefined) place(id)
  Atomics.add(shared, acknowledgementsOf(id), 1)
  bells[0].wake()
  progress[index]++
  if (plan.abortOneIn > 0 && random.below(10 * plan.abortOneIn) === 0) abort(id)
}

function place(id) {
  if (!writer.canPlaceBarrier()) return abort(id)
  placed.push([id, [...sent]])
  const kind = plan.mode === 'exactly-once' ? 'aligned' : plan.mode
  const rules = { kind, alignedTimeoutMs: 0, channelStateBytesMax: 0 }
  writer.barrier({ ...rules, checkpointId: id, triggeredMs: id / 2 })
}

/** One call of a user's function: mostly a few records, sometimes a fan-out. */
function call() {
  const records = random.below(64) === 0 ? 1 + random.below(plan.fanOut) : plan.recordsPerCall
  for (let k = 0; k < records; k++) emit()
  if (random.below(100) === 0) writer.flush()
  if (random.below(300) === 0) writer.mark(MARK_WATERMARK, sent[0])
  stall()
}

function emit() {
  const to = random.below(outputs.length)
  const seq = sent[to]++
  const pad = 'p'.repeat(random.below(9))
  writer.write({ to, seq, channel: channelIds.outputs[to], pad }, seq)
}

/** Takes a part of a range. */
function read(reader, from, limit) {
  const to = from + 1 + random.below(limit - from)
  for (let row = from; row < to; row++) {
    const { channel, seq } = reader.record(row)
    const k = channelIds.inputs.indexOf(channel)
    check(received[k] === seq, `record ${seq} instead of ${received[k]}`, k)
    check(!channels[k].blocked, 'a record of a blocked channel', k)
    received[k]++
    progress[index]++
    if (writer !== undefined) emit()
  }
  stall()
  return to
}

function check(holds, what, k) {
  if (!holds) throw new Error(`channel ${k} of task ${index}: ${what}`)
}

function hasCredit() {
  return credit.stalled === 0 || credit.recheck()
}

function stall() {
  const kind = random.below(1000)
  if (kind < plan.sleepsPerMille) Atomics.wait(pauseWord, 0, 0, random.below(20) / 10)
  else if (kind < 60) for (let k = random.below(3000); k > 0; k--);
}

async function park(recheck) {
  parks++
  progress[index]++
  if (random.below(3) > 0) return doorbell.park(recheck, Number.POSITIVE_INFINITY)
  await doorbell.parkAsync(recheck, Number.POSITIVE_INFINITY)
}
