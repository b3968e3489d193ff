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
    found: 'checkpoints one behind the other kept a job from its end for 20 000 steps',
  },
]
