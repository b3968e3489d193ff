/**
 * Seeds whose schedules have once shown something, so that they are run each time. A seed means
 * another schedule when the simulator draws otherwise: then these are only seeds, and whoever
 * changes it looks for new ones of the plants (`planted/find.mjs`).
 */

export interface KeptSeed {
  readonly seed: number
  /** What it has found, in the engine or in the simulator. */
  readonly found: string
}

export const keptSeeds: readonly KeptSeed[] = [
  {
    seed: 300161,
    found: 'as drawn then: checkpoints without end kept a job of the simulator from its own',
  },
  {
    seed: 100236,
    found:
      'a job that is cancelled while too many checkpoints have failed has failed: no violation',
  },
]
