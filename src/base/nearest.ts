import { closest, distance } from 'fastest-levenshtein'

/** The candidate most like `word`, if one is like enough to be what was meant. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  if (candidates.length === 0) return undefined
  const best = closest(word, candidates)
  return distance(word, best) <= Math.max(2, Math.floor(word.length / 2)) ? best : undefined
}
