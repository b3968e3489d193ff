/**
 * The records of the stalling job (test/fixtures/jobs/stalling.ts), made from their numbers: for
 * the job itself, and for whoever knows without it what it must write.
 */

export interface StallingArgs {
  /** Decides who stalls at which record, and for how long. */
  readonly seed: number
  readonly records: number
  readonly keys: number
  /** A folder for `rows`, `samples` and `windows`. */
  readonly output: string
  readonly exchange: 'rebalance' | 'rescale' | 'global' | 'custom'
  /** Every so many records, one call emits `burst` more besides. */
  readonly burstEvery: number
  readonly burst: number
  /** By place: one record in so many stalls there; 0 for none. */
  readonly stalls: Readonly<Record<Place, number>>
  readonly stallMsMax: number
  /** What happens once, and the folder of the notes that it has. */
  readonly trouble: { readonly folder: string; readonly at: readonly TroubleAt[] }
}

/** Where the user's functions stall, or fail. */
export const places = ['spread', 'first', 'second', 'sampled'] as const
export type Place = (typeof places)[number]

export interface TroubleAt {
  readonly place: Place
  readonly id: number
  readonly how: 'throw' | 'exit'
}

/** A record of the source has `part` 0, those of its burst count from 1 on. */
export interface Piece {
  readonly id: number
  readonly part: number
  readonly key: string
}

export const SPLITS = 4
export const WINDOW_MS = 500
const SAMPLED_ONE_IN = 20

/** Later splits, which may be read behind others, are later. */
export function timeOf(id: number, { records }: Pick<StallingArgs, 'records'>): number {
  return (id % SPLITS) * records + Math.floor(id / SPLITS)
}

export function piecesOf(
  id: number,
  { keys, burstEvery, burst }: Pick<StallingArgs, 'keys' | 'burstEvery' | 'burst'>,
): readonly Piece[] {
  const piece = { id, part: 0, key: `key ${scrambled(id) % keys}` }
  if (id % burstEvery !== 0) return [piece]
  // With few keys: some of those who come behind get far more than the others.
  const more = Array.from({ length: burst }, (_, k) => ({ id, part: k + 1, key: `more ${id % 3}` }))
  return [piece, ...more]
}

export function isSampled({ id, part }: Piece): boolean {
  return scrambled(id * 31 + part) % SAMPLED_ONE_IN === 0
}

/** A non-negative integer for each integer, in no order. */
export function scrambled(n: number): number {
  const h = Math.imul(n ^ (n >>> 15), 0x2c1b3c6d)
  return Math.imul(h ^ (h >>> 12), 0x297a2d39) >>> 4
}
