/** Both ends of a channel in one thread: what one writes, the other reads in between. */

import type { Barrier } from '../../src/channel/barrier.ts'
import { ALIGNED } from '../../src/channel/barrier.ts'
import { createChannel } from '../../src/channel/create-channel.ts'
import { Doorbell } from '../../src/channel/doorbell.ts'
import { EdgeState } from '../../src/channel/edge-state.ts'
import { InputChannel } from '../../src/channel/input-channel.ts'
import { InputGate } from '../../src/channel/input-gate.ts'
import { OutputChannel } from '../../src/channel/output-channel.ts'
import type { OutputCreditOptions } from '../../src/channel/output-credit.ts'
import { OutputCredit } from '../../src/channel/output-credit.ts'
import type { RingSize } from '../../src/channel/ring-layout.ts'
import { ringOf } from '../../src/channel/ring-layout.ts'
import type { SharedWords } from '../../src/channel/shared-words.ts'
import { Codecs } from '../../src/codec/codecs.ts'

/** Cursors wrap within the first two hundred pages. */
export const NEAR_WRAP = 2 ** 31 - 100

export interface PairOptions {
  readonly size?: RingSize
  readonly beyondOverdraft?: OutputCreditOptions['beyondOverdraft']
  readonly overdraftBytesMax?: number
  readonly recordBytesMax?: number
  readonly firstSeq?: number
  readonly edge?: EdgeState
  /** Of a consumer that reads several channels. */
  readonly consumerDoorbell?: SharedArrayBuffer
  /** Of the consumer. */
  readonly words?: SharedWords
  readonly index?: number
  /** Of the consumer. */
  readonly codecs?: Codecs
}

export function channelPair(options: PairOptions = {}) {
  const { size = ringOf(4, 256), firstSeq = NEAR_WRAP } = options
  const producerDoorbell = Doorbell.allocate()
  const consumerDoorbell = options.consumerDoorbell ?? Doorbell.allocate()
  const described = createChannel({ size, producerDoorbell, consumerDoorbell, firstSeq })
  const credit = new OutputCredit({
    doorbell: new Doorbell(producerDoorbell),
    beyondOverdraft: options.beyondOverdraft ?? 'fail',
    ...(options.overdraftBytesMax === undefined
      ? {}
      : { overdraftBytesMax: options.overdraftBytesMax }),
  })
  const edge = options.edge ?? new EdgeState()
  const output = new OutputChannel(described.output, {
    codecs: new Codecs(),
    credit,
    edge,
    withTime: true,
    ...(options.recordBytesMax === undefined ? {} : { recordBytesMax: options.recordBytesMax }),
  })
  const { index = 0, words, codecs = new Codecs() } = options
  const input = new InputChannel(described.input, {
    index,
    codecs,
    ...(words === undefined ? {} : { words }),
  })
  const control = new Int32Array(described.input.ring)
  const doorbell = new Doorbell(consumerDoorbell)
  return { output, input, credit, edge, control, doorbell, producerDoorbell }
}

/** A consumer of several channels that sees their barriers. */
export function gatePairs(channels: number, options: PairOptions = {}) {
  const consumerDoorbell = options.consumerDoorbell ?? Doorbell.allocate()
  const pairs = Array.from({ length: channels }, (_, index) =>
    channelPair({ ...options, index, consumerDoorbell }),
  )
  const doorbell = new Doorbell(consumerDoorbell)
  const gate = new InputGate(
    pairs.map(({ input }) => input),
    doorbell,
  )
  return { pairs, gate, doorbell }
}

export function barrierOf(checkpointId: number, triggeredMs = 0): Barrier {
  return { ...ALIGNED, checkpointId, triggeredMs }
}

export type Item = { readonly record: unknown; readonly timeMs: number } | readonly [number, number]

/** Takes one record or mark; undefined if nothing is there. A mark is [kind, value]. */
export function take(input: InputChannel): Item | undefined {
  if (!input.poll()) return undefined
  if (input.cursor === input.limit) {
    const mark = [input.markKind, input.markValue] as const
    input.takeMark()
    return mark
  }
  const { reader, cursor } = input
  const item = { record: reader.record(cursor), timeMs: reader.time(cursor) }
  input.advance(cursor + 1)
  return item
}

/** Takes all that is there. */
export function drain(input: InputChannel): Item[] {
  const items: Item[] = []
  for (let item = take(input); item !== undefined; item = take(input)) items.push(item)
  return items
}

export function recordsOf(items: readonly Item[]): unknown[] {
  return items.flatMap((item) => ('record' in item ? [item.record] : []))
}
