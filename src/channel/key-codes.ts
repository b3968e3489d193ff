/**
 * Numbers for the texts by which an edge partitions: a text goes to a channel once, and from then
 * on its number does. Neither end encodes, hashes or decodes it again, and its partition is known.
 * A text keeps its number for as long as the edge lives; an edge with too many texts stops coding.
 * Threads: the producing task.
 */
import type { CurrentCode } from '../codec/page.ts'
import { MissShare } from './miss-share.ts'

export interface KeyCodesOptions {
  /** Where the records of a key go, among so many channels. */
  readonly channelOf: (key: string) => number
  readonly channels: number
  /** Tells the channel's consumer its next text, before the page that needs it. */
  readonly define: (channel: number, text: string) => void
  /** Records that the edge has taken so far. */
  readonly records: () => number
  /** Default 32,768: what fits into a processor's cache. */
  readonly textsMax?: number
}

const TEXTS_MAX = 1 << 15
/** Longer ones are rarely keys, and each is kept in both threads. */
const CHARS_MAX = 64
/** V8 copies shorter ones where it is asked for a slice. */
const SLICE_CHARS_MIN = 13
/** A place is a channel's index above the number that a text has there. */
export const CODE_BITS = 16
export const CODE_MASK = (1 << CODE_BITS) - 1
const NONE = -1

export class KeyCodes implements CurrentCode {
  /** False once coding has turned out to be of no use. */
  isOn = true
  /** Of the record that is written: its key's number in its channel, -1 if it has none. */
  current = NONE
  /** Of the key that was added last, if it could be. */
  channel = 0
  readonly #options: KeyCodesOptions
  /** By text. */
  readonly places = new Map<string, number>()
  readonly #nextCodes: number[]
  readonly #textsMax: number
  readonly #misses: MissShare

  constructor(options: KeyCodesOptions) {
    this.#options = options
    this.#misses = new MissShare(options.records)
    this.#nextCodes = new Array(options.channels).fill(0)
    this.#textsMax = options.textsMax ?? TEXTS_MAX
  }

  /** Takes a key that has no place; gives it one if it can. True if it has one now. */
  add(key: unknown): boolean {
    if (typeof key !== 'string') return this.#none()
    if (key.length > CHARS_MAX || this.places.size === this.#textsMax) return this.#miss()
    // A slice would keep all of the text alive that it is one of.
    const text = key.length < SLICE_CHARS_MIN ? key : structuredClone(key)
    const channel = this.#options.channelOf(text)
    const code = this.#nextCodes[channel]!++
    this.places.set(text, (channel << CODE_BITS) | code)
    this.#options.define(channel, text)
    this.current = code
    this.channel = channel
    return true
  }

  /** Records are written without numbers from now on. */
  end(): void {
    this.isOn = false
    this.current = NONE
    this.places.clear()
  }

  #none(): boolean {
    this.current = NONE
    return false
  }

  #miss(): boolean {
    if (this.#misses.miss()) this.end()
    return this.#none()
  }
}
