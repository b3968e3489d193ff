/**
 * One exit of a task: the output channels of one edge, and the compiled function that gives each
 * record to its channel. Marks go to all of them.
 * Threads: the producing task.
 */
import { assert } from '../base/assert.ts'
import type { Barrier } from './barrier.ts'
import type { EdgeKeys, EdgeState } from './edge-state.ts'
import { KeyCodes } from './key-codes.ts'
import { keyGroupHasher, ownersOfKeyGroups } from './key-routing.ts'
import { KeySpelling } from './key-spelling.ts'
import type { OutputChannel } from './output-channel.ts'
import type { Routing } from './partitioner.ts'
import { checkedChoice, routeSource } from './partitioner.ts'

export interface RecordWriterOptions {
  readonly routing: Routing
  /** In the order of the consuming subtasks; for hash all of them. */
  readonly channels: readonly OutputChannel[]
  readonly edge: EdgeState
  /** Number of key groups: the consumer's maximum parallelism. Read for hash only. */
  readonly maxParallelism: number
  /** Round robin begins behind this channel, so that producers do not all begin with one. */
  readonly firstTurn?: number
  /** How many keys may have numbers: see `KeyCodes`. */
  readonly textsMax?: number
}

export type WriteFunction = (record: unknown, timeMs: number) => void

export class RecordWriter {
  /** Gives a record to its channel. A generated function: one an edge. */
  readonly write: WriteFunction
  readonly channels: readonly OutputChannel[]
  readonly #edge: EdgeState
  readonly #isBroadcast: boolean

  constructor(options: RecordWriterOptions) {
    assert(options.channels.length > 0, 'an exit without channels')
    this.channels = options.channels
    this.#edge = options.edge
    this.#isBroadcast = options.routing.kind === 'broadcast'
    const hashing = hashingOf(options, () => this.records)
    options.edge.keys = hashing?.keys
    this.write = compileWrite(options, hashing)
  }

  /** True if something is written and not published. */
  get hasUnflushed(): boolean {
    return this.#edge.openPages !== 0
  }

  /** Records written, those of open pages included; a broadcast counts once a channel. */
  get records(): number {
    return this.channels.reduce((sum, channel) => sum + recordsOf(channel), 0)
  }

  /** Records given to `write`: a broadcast counts once. */
  get recordsTaken(): number {
    return this.#isBroadcast ? recordsOf(this.channels[0]!) : this.records
  }

  /** Bytes of published pages. */
  get bytes(): number {
    return this.channels.reduce((sum, channel) => sum + channel.bytesPublished, 0)
  }

  /** Puts a mark (a `MARK_` kind) behind all records of every channel. */
  mark(kind: number, value: number): void {
    for (const channel of this.channels) channel.mark(kind, value)
  }

  /** Publishes what is written; a channel without credit keeps its page open. */
  flush(): void {
    if (this.#edge.openPages === 0) return
    for (const channel of this.channels) channel.flush()
  }

  /** Publishes what is written where the consumer has nothing else to do. */
  flushIfAwaited(): void {
    if (this.#edge.openPages === 0) return
    for (const channel of this.channels) channel.flushIfAwaited()
  }

  /** True if every channel can take a barrier: asked of all exits before one is given any. */
  canPlaceBarrier(): boolean {
    return this.channels.every((channel) => channel.canPlaceBarrier())
  }

  /** Puts a barrier behind all records of every channel. */
  barrier(barrier: Barrier): void {
    for (const channel of this.channels) channel.barrier(barrier)
  }

  /** Nothing follows but barriers. */
  end(): void {
    for (const channel of this.channels) channel.end()
  }

  close(): void {
    for (const channel of this.channels) channel.close()
  }
}

function recordsOf(channel: OutputChannel): number {
  return channel.recordsPublished + (channel.writer?.count ?? 0)
}

/** What an edge needs that partitions by a key's hash. */
interface Hashing {
  readonly groupOf: (key: unknown) => number
  /** By key group. */
  readonly owners: readonly number[]
  /** Only for keys that are found by a field's name: those are texts of the page. */
  readonly keys?: EdgeKeys
}

function hashingOf(options: RecordWriterOptions, records: () => number): Hashing | undefined {
  const { routing, channels, maxParallelism, textsMax } = options
  if (routing.kind !== 'hash') return undefined
  const owners = ownersOfKeyGroups(maxParallelism, channels.length)
  if (!('field' in routing.key)) return { groupOf: keyGroupHasher(maxParallelism), owners }
  const spelling = new KeySpelling(records)
  const groupOf = keyGroupHasher(maxParallelism, (text) => spelling.read(text))
  const codes = new KeyCodes({
    channels: channels.length,
    channelOf: (key) => owners[groupOf(key)]!,
    define: (channel, text) => channels[channel]!.define(text),
    records,
    ...(textsMax === undefined ? {} : { textsMax }),
  })
  return { groupOf, owners, keys: { field: routing.key.field, codes, spelling } }
}

function compileWrite(options: RecordWriterOptions, hashing: Hashing | undefined): WriteFunction {
  const { routing, channels } = options
  const scope = {
    channels,
    byGroup: hashing?.owners.map((k) => channels[k]!),
    groupOf: hashing?.groupOf,
    keyOf: 'key' in routing && 'fn' in routing.key ? routing.key.fn : undefined,
    choose: routing.kind === 'custom' ? checkedChoice(routing.choose) : undefined,
    firstTurn: options.firstTurn ?? 0,
    codes: hashing?.keys?.codes,
    spelling: hashing?.keys?.spelling,
  }
  const source = `'use strict'
  const only = channels[0]
  const n = channels.length
  let turn = firstTurn % n
  return function write(record, timeMs) {
    ${routeSource(routing, channels.length)}
  }`
  return new Function(...Object.keys(scope), source)(...Object.values(scope)) as WriteFunction
}
