/**
 * What a snapshot of a task may wait for before it is acknowledged.
 * Threads: any.
 */

/** In the order of their codes in shared memory. */
export const snapshotWaits = ['nothing', 'state', 'in-flight', 'output'] as const

export type SnapshotWaits = (typeof snapshotWaits)[number]
