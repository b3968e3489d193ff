/**
 * Whether two outputs of the flights job are equal. The order of rows says nothing, and which
 * flight is the thousandth to a destination depends on which subtask was quicker; all else counts.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'

const PARTS = ['daily', 'totals', 'dropped']
const VISIBLE = /^part-\d+-(\d+)(-\d+)?\.jsonl$/
const DIFFERENCES_MAX = 10

/** Files that readers see, with their rows and the checkpoint that made them visible. */
export function visibleIn(output, parts = PARTS) {
  return filesIn(output, parts).flatMap((file) => {
    const checkpoint = VISIBLE.exec(file.name)?.[1]
    return checkpoint === undefined ? [] : [{ ...file, checkpoint: Number(checkpoint) }]
  })
}

/** Files that are being written, or were when their writer died. */
export function inProgressIn(output) {
  return filesIn(output, PARTS).filter(({ name }) => name.endsWith('.inprogress'))
}

export function rowsIn(files) {
  return files.reduce((sum, { rows }) => sum + rows.length, 0)
}

/** In sentences, at most ten; none if they are equal. */
export function differencesOf(found, expected) {
  const all = [
    ...rowDifferences('daily', { found, expected }),
    ...rowDifferences('dropped', { found, expected }),
    ...totalDifferences({ found, expected }),
    ...filesIn(found, PARTS)
      .filter(({ name }) => name.startsWith('.'))
      .map(({ name, part }) => `${part}/${name} was left behind`),
  ]
  return all.slice(0, DIFFERENCES_MAX)
}

function filesIn(output, parts) {
  return parts.flatMap((part) => {
    const folder = `${output}/${part}`
    if (!existsSync(folder)) return []
    return readdirSync(folder).map((name) => {
      // What a killed process was writing may end in the middle of a row.
      const rows = readFileSync(`${folder}/${name}`, 'utf8').split('\n').slice(0, -1)
      return { part, name, rows }
    })
  })
}

/** Row for row, each as often as in the other. */
function rowDifferences(part, { found, expected }) {
  const counts = new Map()
  const count = (output, by) => {
    for (const row of allRows(output, part)) counts.set(row, (counts.get(row) ?? 0) + by)
  }
  count(found, 1)
  count(expected, -1)
  return [...counts]
    .filter(([, times]) => times !== 0)
    .map(([row, times]) => `${part}: ${row} ${times < 0 ? 'is missing' : 'is one too many'}`)
}

/** Each destination counts on without gap or repeat, and ends with the same row. */
function totalDifferences({ found, expected }) {
  const [own, others] = [found, expected].map(totalsIn)
  return [...new Set([...own.keys(), ...others.keys()])].flatMap((destination) => {
    const [a, b] = [own, others].map((totals) => totals.get(destination) ?? [])
    const counts = (rows) => rows.map(({ flights }) => flights).join(', ')
    if (counts(a) !== counts(b)) {
      return [`totals: ${destination} counts ${counts(a)} instead of ${counts(b)}`]
    }
    const [last, expectedLast] = [a, b].map((rows) => JSON.stringify(rows.at(-1)))
    return last === expectedLast ? [] : [`totals: ${last} instead of ${expectedLast}`]
  })
}

/** The rows of each destination, by their count. */
function totalsIn(output) {
  const totals = new Map()
  for (const row of allRows(output, 'totals').map((text) => JSON.parse(text))) {
    const own = totals.get(row.destination)
    if (own === undefined) totals.set(row.destination, [row])
    else own.push(row)
  }
  for (const own of totals.values()) own.sort((a, b) => a.flights - b.flights)
  return totals
}

function allRows(output, part) {
  return visibleIn(output, [part]).flatMap(({ rows }) => rows)
}
