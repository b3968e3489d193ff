/**
 * A value state as a column indexed by key slot. While every value and the initial one are
 * numbers the column is a Float64Array: nothing is allocated by `set` and nothing is for the
 * garbage collector to walk. The first other value turns it into an array for good.
 * Threads: the task that owns the subtask.
 */
import { copyValue, detachStrings } from '../../codec/copy.ts'
import type { ValueState } from '../contract.ts'
import type { HeapKeys, SlotColumn } from './heap-keys.ts'

const NO_NUMBERS = new Float64Array(0)

export class HeapValueState<T> implements ValueState<T>, SlotColumn {
  readonly #keys: HeapKeys
  readonly #initial: T
  /** Whether a primitive is given where nothing was set. */
  readonly #initialIsPlain: boolean
  #isNumbers: boolean
  /** Holds the initial value where nothing was set, so that `get` need not look. */
  #numbers: Float64Array = NO_NUMBERS
  #values: unknown[] = []
  #isSet = new Uint8Array(0)

  constructor(keys: HeapKeys, initial: T) {
    this.#keys = keys
    this.#initial = copyValue(initial) as T
    this.#initialIsPlain = typeof initial !== 'object' || initial === null
    this.#isNumbers = typeof initial === 'number'
    keys.addColumn(this)
  }

  get(): T {
    const slot = this.#keys.slot
    if (this.#isNumbers) return this.#numbers[slot] as T
    const value = this.#values[slot]
    if (value !== undefined || this.#isSet[slot] === 1) return value as T
    return this.#initialIsPlain ? this.#initial : (copyValue(this.#initial) as T)
  }

  set(value: T): void {
    const slot = this.#keys.slot
    if (this.#isNumbers) {
      if (typeof value === 'number') this.#numbers[slot] = value
      else this.#leaveNumbers()
    }
    if (!this.#isNumbers) this.#hold(slot, value)
    if (this.#isSet[slot] !== 1) {
      this.#isSet[slot] = 1
      this.#keys.hold(slot)
    }
  }

  /** An object that is held already, changed in place, is not copied again. */
  #hold(slot: number, value: T): void {
    if (typeof value === 'object' && this.#values[slot] === value) detachStrings(value)
    else this.#values[slot] = copyValue(value)
  }

  clear(): void {
    const slot = this.#keys.slot
    if (this.#isSet[slot] !== 1) return
    this.#isSet[slot] = 0
    if (this.#isNumbers) this.#numbers[slot] = this.#initial as number
    else this.#values[slot] = undefined
    this.#keys.drop(slot)
  }

  grow(capacity: number): void {
    const isSet = new Uint8Array(capacity)
    isSet.set(this.#isSet)
    this.#isSet = isSet
    if (this.#isNumbers) this.#growNumbers(capacity)
    else while (this.#values.length < capacity) this.#values.push(undefined)
  }

  #growNumbers(capacity: number): void {
    const numbers = new Float64Array(capacity)
    numbers.set(this.#numbers)
    numbers.fill(this.#initial as number, this.#numbers.length)
    this.#numbers = numbers
  }

  #leaveNumbers(): void {
    this.#isNumbers = false
    this.#values = Array.from(this.#numbers, (value, slot) =>
      this.#isSet[slot] === 1 ? value : undefined,
    )
    this.#numbers = NO_NUMBERS
  }
}
