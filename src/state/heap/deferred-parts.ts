/**
 * Parts of a restored snapshot, by key group, that are taken into their stores when the first of
 * their keys is asked for: a job with millions of keys works again before all of them are in a
 * table. Until then a snapshot takes them over as they are.
 *
 * A key that is in the table is never looked for here. So as long as a group has deferred parts the
 * table has none of its keys: timers and tables, which need theirs at once, bring all of a group.
 * Threads: the task that owns the subtask.
 */
import { SluiceError } from '../../base/errors.ts'
import type { StatePart } from '../snapshot-contract.ts'
import { partDamaged } from '../state-errors.ts'
import type { HeapKeys, KeyLoader } from './heap-keys.ts'
import { PartRestorer } from './heap-restore.ts'
import type { TrackedStore } from './tracked-store.ts'

export interface DeferredPart {
  readonly tracked: TrackedStore
  readonly part: StatePart
}

export class DeferredParts implements KeyLoader {
  readonly #keys: HeapKeys
  readonly #restorer: PartRestorer
  /** By key group from `keyGroupFrom` on. */
  readonly #groups: DeferredPart[][]
  /** The table may have keys of the group. */
  readonly #isLoaded: Uint8Array
  #left = 0

  constructor(keys: HeapKeys) {
    const groups = keys.keyGroupTo - keys.keyGroupFrom
    this.#keys = keys
    this.#restorer = new PartRestorer(keys)
    this.#groups = Array.from({ length: groups }, () => [])
    this.#isLoaded = new Uint8Array(groups)
    keys.leave()
    if (keys.count > 0) this.#isLoaded.fill(1)
    else keys.loader = this
  }

  restore(tracked: TrackedStore, part: StatePart): void {
    const index = part.keyGroup - this.#keys.keyGroupFrom
    if (tracked.store.comesLate !== true) this.#load(index)
    if (this.#isLoaded[index] === 1) {
      this.#take(tracked, part)
      return
    }
    this.#groups[index]!.push({ tracked, part })
    this.#left++
  }

  /** Of all groups that were not loaded, in their order. */
  parts(): readonly DeferredPart[] {
    return this.#groups.flat()
  }

  load(keyGroup: number): void {
    this.#load(keyGroup - this.#keys.keyGroupFrom)
    if (this.#left === 0) this.#close()
  }

  loadAll(): void {
    for (let index = 0; index < this.#groups.length; index++) this.#load(index)
    this.#close()
  }

  #load(index: number): void {
    if (this.#isLoaded[index] !== 0) return
    const parts = this.#groups[index]!
    for (const { tracked, part } of parts) this.#take(tracked, part)
    // Not before: whoever asks again for a key of a group that failed fails again.
    this.#groups[index] = []
    this.#isLoaded[index] = 1
    this.#left -= parts.length
  }

  #take({ kind, store }: TrackedStore, part: StatePart): void {
    try {
      this.#restorer.restore(store, part)
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error
      throw partDamaged(`key group ${part.keyGroup} of ${kind} '${store.name}'`, error)
    }
  }

  #close(): void {
    this.#isLoaded.fill(1)
    this.#keys.loader = undefined
  }
}
