/** The life of one attempt of a job, as one state and one table of moves. */
const successors = {
  created: ['deploying', 'failing'],
  deploying: ['running', 'failing', 'canceling'],
  running: ['committing', 'failing', 'canceling'],
  committing: ['finished', 'failing'],
  canceling: ['canceled', 'failing'],
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
