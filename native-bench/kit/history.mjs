// Every figure that was ever measured here, a line a run, and which of them fell since.
// A figure is { value, unit, better: 'more' | 'less', runs?: [...] } under a name of its benchmark.
import { appendFile, mkdir, readFile } from 'node:fs/promises'
import { median, round } from '../measure.mjs'

const FILE = new URL('../results/history.jsonl', import.meta.url)
/** One machine measures itself differently by as much. */
const TOLERATED = 0.1

export async function remember({ at, machine, command, results }) {
  const lines = results.flatMap(({ name, figures }) =>
    figures === undefined ? [] : [JSON.stringify({ at, name, machine, command, figures })],
  )
  if (lines.length === 0) return
  await mkdir(new URL('.', FILE), { recursive: true })
  await appendFile(FILE, `${lines.join('\n')}\n`)
}

/** A row a figure: its latest value beside the median of those before, on the same machine. */
export async function compared() {
  const rows = []
  for (const [key, entries] of grouped(await remembered())) {
    const latest = entries.at(-1)
    const before = entries.slice(0, -1).map(({ value }) => value)
    const row = { figure: key, latest: shown(latest), at: latest.at.slice(0, 16) }
    if (before.length > 0) Object.assign(row, change(latest, before))
    rows.push(row)
  }
  return rows
}

export const hasFallen = (row) => row.verdict === 'FELL'

function change(latest, before) {
  const was = median(before)
  const ratio = latest.value / was
  const gain = latest.better === 'more' ? ratio : 1 / ratio
  const verdict = gain < 1 - TOLERATED ? 'FELL' : gain > 1 + TOLERATED ? 'rose' : 'stands'
  return {
    before: shown({ ...latest, value: was }),
    runs: before.length,
    ratio: round(ratio),
    verdict,
  }
}

function shown({ value, unit }) {
  return `${Number(value.toPrecision(3))} ${unit}`
}

/** By benchmark, figure, processor and Node: figures of different machines are not compared. */
function grouped(lines) {
  const groups = new Map()
  for (const { at, name, machine, figures } of lines) {
    for (const [figure, measured] of Object.entries(figures)) {
      const key = `${name}: ${figure} (${machine.node}, ${machine.cpu})`
      groups.set(key, [...(groups.get(key) ?? []), { at, ...measured }])
    }
  }
  return groups
}

async function remembered() {
  const text = await readFile(FILE, 'utf8').catch((error) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
}
