/**
 * A value state as a column indexed by key slot. While every value and the initial one are
 * numbers the column is a Float64Array: nothing is allocated by `set` and nothing is for the
 * garbage collector to walk. The first other value turns it into an array for good.
 * Threads: the task that owns the subtask.
 */
import type { ByteReader, ByteWriter } from '../../codec/byte-stream.ts'
import { copyValue, detachStrings } from '../../codec/copy.ts'
import type { KeyedStore, StateDescriptor, ValueState } from '../contract.ts'
import { withRoom } from '../growing-array.ts'
import { damaged } from '../state-errors.ts'
import { type StateValues, writeNumber } from '../state-values.ts'
import { grownColumn } from './grown-column.ts'
import type { HeapKeys, SlotColumn } from './heap-keys.ts'
import type { HeapParts } from './heap-parts.ts'
import type { TrackedStore } from './tracked-store.ts'
import { UNREAD, UnreadValues } from './unread-values.ts'

const NO_NUMBERS = new Float64Array(0)

export class HeapValueState<T> implements ValueState<T>, SlotColumn, KeyedStore {
  readonly name: string
  readonly detail = ''
  readonly comesLate = true
  readonly #keys: HeapKeys
  readonly #codec: StateValues
  readonly #snapshots: TrackedStore
  readonly #initial: T
  /** Whether a primitive is given where nothing was set. */
  readonly #initialIsPlain: boolean
  #isNumbers: boolean
  /** Holds the initial value where nothing was set, so that `get` need not look. */
  #numbers: Float64Array = NO_NUMBERS
  #values: unknown[] = []
  #isSet = new Uint8Array(0)
  /** Numbers of slots below it hold a value. */
  #room = 0
  readonly #unread: UnreadValues

  constructor(parts: HeapParts, descriptor: StateDescriptor) {
    const initial = descriptor.initial as T
    this.name = descriptor.name
    this.#keys = parts.keys
    this.#codec = parts.values
    this.#unread = new UnreadValues(parts.values)
    this.#initial = copyValue(initial) as T
    this.#initialIsPlain = typeof initial !== 'object' || initial === null
    this.#isNumbers = typeof initial === 'number'
    this.#snapshots = parts.track('value', this)
    parts.keys.addColumn(this)
  }

  get(): T {
    const slot = this.#keys.slot
    if (this.#isNumbers) return this.#numbers[slot] as T
    let value = this.#values[slot]
    if (value !== undefined || this.#isSet[slot] === 1) {
      if (value === UNREAD) value = this.#readNow(slot)
      if (typeof value === 'object') this.#snapshots.changing(slot)
      return value as T
    }
    return this.#initialIsPlain ? this.#initial : (copyValue(this.#initial) as T)
  }

  set(value: T): void {
    const slot = this.#keys.slot
    const isSet = this.#isSet[slot] === 1
    if (isSet) this.#snapshots.changing(slot)
    else this.#snapshots.added(slot)
    if (this.#isNumbers) {
      if (typeof value === 'number') this.#numbers[slot] = value
      else this.#leaveNumbers()
    }
    if (!this.#isNumbers) this.#hold(slot, value)
    if (isSet) return
    this.#isSet[slot] = 1
    this.#keys.hold(slot)
  }

  #readNow(slot: number): unknown {
    const value = this.#unread.take(slot)
    this.#values[slot] = value
    return value
  }

  /** An object that is held already, changed in place, is not copied again. */
  #hold(slot: number, value: T): void {
    const held = this.#values[slot]
    if (held === UNREAD) this.#unread.drop()
    if (typeof value === 'object' && held === value) detachStrings(value)
    else this.#values[slot] = copyValue(value)
  }

  clear(): void {
    const slot = this.#keys.slot
    if (this.#isSet[slot] !== 1) return
    this.#snapshots.changing(slot)
    this.#isSet[slot] = 0
    if (this.#isNumbers) this.#numbers[slot] = this.#initial as number
    else this.#forget(slot)
    this.#keys.drop(slot)
  }

  #forget(slot: number): void {
    if (this.#values[slot] === UNREAD) this.#unread.drop()
    this.#values[slot] = undefined
  }

  get slotEnd(): number {
    return this.#keys.slotEnd
  }

  isUsed(slot: number): boolean {
    return this.#isSet[slot] === 1
  }

  keySlotOf(slot: number): number {
    return slot
  }

  write(slot: number, out: ByteWriter): void {
    if (this.#isNumbers) writeNumber(out, this.#numbers[slot]!)
    else if (this.#values[slot] === UNREAD) this.#writeUnread(slot, out)
    else this.#codec.write(out, this.#values[slot], this.name)
  }

  #writeUnread(slot: number, out: ByteWriter): void {
    this.#unread.write(slot, out)
    this.#readNow(slot)
  }

  read(from: ByteReader): void {
    const slot = this.#keys.slot
    if (this.#isSet[slot] === 1) throw damaged(`state '${this.name}' has two values of one key`)
    this.#snapshots.added(slot)
    if (this.#codec.isLong(from)) this.#leaveUnread(slot, from)
    else this.#put(slot, this.#codec.read(from))
    this.#isSet[slot] = 1
    this.#keys.hold(slot)
  }

  skip(from: ByteReader): void {
    this.#codec.skip(from)
  }

  #leaveUnread(slot: number, from: ByteReader): void {
    if (this.#isNumbers) this.#leaveNumbers()
    this.#unread.leave(slot, from, this.#keys.room)
    this.#values[slot] = UNREAD
  }

  #put(slot: number, value: unknown): void {
    if (this.#isNumbers && typeof value !== 'number') this.#leaveNumbers()
    if (this.#isNumbers) this.#numbers[slot] = value as number
    else this.#values[slot] = value
  }

  fetch(slots: Int32Array, count: number): number {
    const isSet = this.#isSet
    const numbers = this.#numbers
    const values = this.#values
    const isNumbers = this.#isNumbers
    let seen = 0
    for (let k = 0; k < count; k++) {
      const slot = slots[k]!
      if (slot < 0) continue
      seen ^= isSet[slot]!
      seen ^= isNumbers ? numbers[slot]! | 0 : values[slot] === undefined ? 1 : 0
    }
    return seen
  }

  grow(slots: number): void {
    this.#isSet = withRoom(this.#isSet, slots)
    if (this.#isNumbers) this.#growNumbers(slots)
    else this.#values = grownColumn(this.#values, slots)
  }

  #growNumbers(slots: number): void {
    const numbers = withRoom(this.#numbers, slots)
    // Zeros are there already, and to write them would take all of the memory into use.
    if (!Object.is(this.#initial, 0)) numbers.fill(this.#initial as number, this.#room, slots)
    this.#numbers = numbers
    this.#room = slots
  }

  #leaveNumbers(): void {
    this.#isNumbers = false
    const numbers = this.#numbers.subarray(0, this.#room)
    this.#values = Array.from(numbers, (value, slot) =>
      this.#isSet[slot] === 1 ? value : undefined,
    )
    this.#numbers = NO_NUMBERS
  }
}
