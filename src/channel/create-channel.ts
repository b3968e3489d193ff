/**
 * Makes a channel: one shared buffer and one message channel for what does not fit into it. The
 * two descriptions are plain data, to be sent to the threads of the two ends.
 * Threads: main.
 */
import type { MessagePort } from 'node:worker_threads'
import { MessageChannel } from 'node:worker_threads'
import type { PortPair } from './local-ports.ts'
import type { RingSize } from './ring-layout.ts'
import { checkRingSize, EXT_WORD, R_WORD, ringBytes, W_WORD } from './ring-layout.ts'

interface ChannelEnd {
  readonly ring: SharedArrayBuffer
  readonly size: RingSize
  /** Must be among the transferred objects when the description is sent. */
  readonly port: MessagePort
  /** The doorbell of the task at the other end. */
  readonly doorbell: SharedArrayBuffer
}

/** The consumer's end. */
export interface InputChannelDescription extends ChannelEnd {
  /** Tells this type from the producer's. */
  readonly end: 'input'
}

/** The producer's end. */
export interface OutputChannelDescription extends ChannelEnd {
  readonly end: 'output'
}

export interface ChannelOptions {
  readonly size: RingSize
  readonly producerDoorbell: SharedArrayBuffer
  readonly consumerDoorbell: SharedArrayBuffer
  /** Sequence number of the first page, an int32. Tests start shortly before the wrap. */
  readonly firstSeq?: number
  /** Default: those of a `MessageChannel`. */
  readonly ports?: (() => PortPair) | undefined
}

export interface ChannelDescription {
  readonly input: InputChannelDescription
  readonly output: OutputChannelDescription
}

export function createChannel(options: ChannelOptions): ChannelDescription {
  const { size, firstSeq = 0 } = options
  checkRingSize(size)
  const ring = new SharedArrayBuffer(ringBytes(size))
  const control = new Int32Array(ring)
  // Plain stores: no other thread knows the buffer yet.
  control[W_WORD] = firstSeq
  control[R_WORD] = firstSeq
  control[EXT_WORD] = 0
  const { port1, port2 } = options.ports?.() ?? new MessageChannel()
  port1.unref()
  port2.unref()
  return {
    output: { end: 'output', ring, size, port: port1, doorbell: options.consumerDoorbell },
    input: { end: 'input', ring, size, port: port2, doorbell: options.producerDoorbell },
  }
}
