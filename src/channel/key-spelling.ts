/**
 * Of texts by which an edge partitions, where they are too many for numbers (`KeyCodes`): what the
 * producer has read of a key to find its channel goes with the record, so that the consumer neither
 * takes it apart nor hashes it again. For short ASCII texts; an edge with others stops spelling.
 * Threads: the producing task.
 */
import { NOT_SHORT, ShortKey } from '../codec/short-key.ts'
import { MissShare } from './miss-share.ts'

export class KeySpelling {
  /** False once spelling has turned out to be of no use. */
  isOn = true
  /** Of the record that is written. */
  readonly current = new ShortKey()
  readonly #misses: MissShare

  /** `records`: how many the edge has taken so far. */
  constructor(records: () => number) {
    this.#misses = new MissShare(records)
  }

  /** Takes the key of the record that is written; returns its hash, or `NOT_SHORT`. */
  read(key: string): number {
    const hash = this.current.read(key)
    if (hash === NOT_SHORT && this.#misses.miss()) this.end()
    return hash
  }

  /** Records are written as they are from now on. */
  end(): void {
    this.isOn = false
    // A page that is open still asks.
    this.current.length = 0
  }
}
