/** What the stalling job must write, told by a plain loop, and how its output differs. */
import { join } from 'node:path'
import type { PieceRow, WindowRow } from '../fixtures/jobs/stalling.ts'
import { readRows } from '../reference/compare-flights.ts'
import type { Piece, StallingArgs } from './pieces.ts'
import { isSampled, piecesOf, timeOf, WINDOW_MS } from './pieces.ts'

/** `least`: at-least-once, where rows may come again, and counts be larger. */
export type Promised = 'exactly' | 'least'

const DIFFERENCES_MAX = 10

/** What is wrong with the output of a job that has finished, a sentence each. */
export function compareOutput(args: StallingArgs, promised: Promised): readonly string[] {
  const pieces: Piece[] = []
  for (let id = 0; id < args.records; id++) pieces.push(...piecesOf(id, args))
  const in_ = (name: string) => join(args.output, name)
  const rows = readRows<PieceRow>(in_('rows'))
  const samples = readRows<Piece>(in_('samples')).map(nameOf)
  const wrong = [
    ...differences('rows', { expected: pieces.map(nameOf), found: rows.map(nameOf), promised }),
    ...countsOf(rows, pieces, promised),
    ...differences('samples', {
      expected: pieces.filter(isSampled).map(nameOf),
      found: samples,
      promised,
    }),
    ...compareWindows(readRows<WindowRow>(in_('windows')), pieces, { args, promised }),
  ]
  return wrong.slice(0, DIFFERENCES_MAX)
}

function nameOf({ id, part, key }: Piece): string {
  return `${id}.${part} of ${key}`
}

interface Compared {
  readonly expected: readonly string[]
  readonly found: readonly string[]
  readonly promised: Promised
}

function* differences(what: string, { expected, found, promised }: Compared): Generator<string> {
  const left = tally(found)
  for (const one of expected) {
    const times = left.get(one) ?? 0
    left.delete(one)
    if (times === 0) yield `${what}: ${one} is lost`
    else if (times > 1 && promised === 'exactly') yield `${what}: ${one} comes ${times} times`
  }
  for (const one of left.keys()) yield `${what}: ${one} is not expected`
}

/** Each key counts 1, 2, ... to its number of pieces; the second operator the same as the first. */
function* countsOf(
  rows: readonly PieceRow[],
  pieces: readonly Piece[],
  promised: Promised,
): Generator<string> {
  const counts = new Map<string, number>()
  for (const { key, count, again } of rows) {
    counts.set(key, Math.max(counts.get(key) ?? 0, count))
    if (promised === 'exactly' && count !== again) {
      yield `rows: piece ${count} of ${key} was the ${again}th to come to the second operator`
    }
  }
  for (const [key, n] of tally(pieces.map(({ key }) => key))) {
    const highest = counts.get(key) ?? 0
    if (promised === 'exactly' ? highest !== n : highest < n) {
      yield `rows: ${key} counts up to ${highest}, expected ${n}`
    }
  }
  if (promised === 'least') return
  const doubled = [...tally(rows.map(({ key, count }) => `${key} ${count}`))]
  for (const [count, times] of doubled) if (times > 1) yield `rows: ${count} comes ${times} times`
}

function* compareWindows(
  rows: readonly WindowRow[],
  pieces: readonly Piece[],
  { args, promised }: { readonly args: StallingArgs; readonly promised: Promised },
): Generator<string> {
  const windowOf = ({ id, key }: Piece) =>
    `${key} from ${Math.floor(timeOf(id, args) / WINDOW_MS) * WINDOW_MS}`
  const found = new Map<string, number[]>()
  for (const { key, start, pieces } of rows) {
    const name = `${key} from ${start}`
    found.set(name, [...(found.get(name) ?? []), pieces])
  }
  for (const [name, n] of tally(pieces.map(windowOf))) {
    const counts = found.get(name) ?? []
    found.delete(name)
    const isRight =
      promised === 'exactly' ? counts.length === 1 && counts[0] === n : Math.max(...counts) >= n
    if (!isRight) yield `windows: ${name} has ${counts.join(' and ') || 'no row'}, expected ${n}`
  }
  for (const name of found.keys()) yield `windows: ${name} is not expected`
}

function tally(names: Iterable<string>): Map<string, number> {
  const times = new Map<string, number>()
  for (const name of names) times.set(name, (times.get(name) ?? 0) + 1)
  return times
}
