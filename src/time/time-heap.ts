/**
 * A heap of (time, id) on typed arrays, four children a node, from which any id can be removed.
 * Ids are small and dense: the heap keeps an array of their places.
 * Threads: the task that owns it.
 */
import { withRoom } from '../state/growing-array.ts'

const CAPACITY_MIN = 32

export class TimeHeap {
  #times = new Float64Array(CAPACITY_MIN)
  #ids = new Int32Array(CAPACITY_MIN)
  /** Where an id is in the heap. */
  #places = new Int32Array(CAPACITY_MIN)
  #size = 0

  get size(): number {
    return this.#size
  }

  get firstTime(): number {
    return this.#times[0]!
  }

  get first(): number {
    return this.#ids[0]!
  }

  push(time: number, id: number): void {
    if (this.#size === this.#times.length) this.#growHeap()
    this.#places = withRoom(this.#places, id + 1)
    this.#up(this.#size++, time, id)
  }

  remove(id: number): void {
    const place = this.#places[id]!
    const last = --this.#size
    if (place === last) return
    const time = this.#times[last]!
    const moved = this.#ids[last]!
    if (place > 0 && time < this.#times[(place - 1) >> 2]!) this.#up(place, time, moved)
    else this.#down(place, time, moved)
  }

  #up(from: number, time: number, id: number): void {
    const times = this.#times
    let place = from
    while (place > 0) {
      const parent = (place - 1) >> 2
      if (times[parent]! <= time) break
      this.#put(place, times[parent]!, this.#ids[parent]!)
      place = parent
    }
    this.#put(place, time, id)
  }

  #down(from: number, time: number, id: number): void {
    const times = this.#times
    let place = from
    for (;;) {
      const least = this.#leastChild(place)
      if (least < 0 || times[least]! >= time) break
      this.#put(place, times[least]!, this.#ids[least]!)
      place = least
    }
    this.#put(place, time, id)
  }

  #leastChild(place: number): number {
    const times = this.#times
    const begin = 4 * place + 1
    if (begin >= this.#size) return -1
    const end = Math.min(begin + 4, this.#size)
    let least = begin
    for (let child = begin + 1; child < end; child++) {
      if (times[child]! < times[least]!) least = child
    }
    return least
  }

  #put(place: number, time: number, id: number): void {
    this.#times[place] = time
    this.#ids[place] = id
    this.#places[id] = place
  }

  #growHeap(): void {
    this.#times = withRoom(this.#times, this.#size + 1)
    this.#ids = withRoom(this.#ids, this.#size + 1)
  }
}
