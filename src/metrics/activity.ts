/**
 * What a task can be doing.
 * Threads: any.
 */

/** In the order of their codes in shared memory. 'nothing': it does not run. */
export const activities = [
  'nothing',
  'busy',
  'idle',
  'softBackpressured',
  'hardBackpressured',
] as const

export type Activity = (typeof activities)[number]
