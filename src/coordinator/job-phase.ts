/** The life of one attempt of a job, as one state and one table of moves. */
const successors = {
  created: ['deploying', 'failing', 'canceling'],
  deploying: ['running', 'failing', 'canceling'],
  running: ['committing', 'failing', 'canceling'],
  committing: ['finished', 'failing'],
  canceling: ['canceled'],
  failing: ['failed'],
  finished: [],
  canceled: [],
  failed: [],
} as const satisfies Record<string, readonly string[]>

export type JobPhase = keyof typeof successors

export function canMove(from: JobPhase, to: JobPhase): boolean {
  const allowed: readonly string[] = successors[from]
  return allowed.includes(to)
}

/** How an attempt ended. */
export type Outcome =
  | { readonly status: 'finished' | 'canceled' }
  | { readonly status: 'failed'; readonly error: Error }
