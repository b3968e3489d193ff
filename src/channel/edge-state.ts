import type { Shape } from '../codec/shape.ts'

/**
 * What the channels of one edge share: the shape that its records have come to, so that all
 * channels converge on one, and how many pages are open.
 * Threads: the producing task.
 */
export class EdgeState {
  shape: Shape | undefined
  openPages = 0

  /** `shape` is the declared one; without it the first record teaches it. */
  constructor(shape?: Shape) {
    this.shape = shape
  }
}
