/**
 * What readers of the flights example's output see while it runs and is killed: each file whole
 * from the moment it is there, unchanged for ever, and no row twice or wrong.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import type { DailyRow, DestinationTotal, ExpectedFlights } from '../reference/flights-loop.ts'

interface Seen {
  readonly identity: string
  readonly text: string
}

export class VisibleOutput {
  /** What was wrong, a sentence each. */
  readonly violations: string[] = []
  readonly #directory: string
  readonly #expectedDaily: ReadonlyMap<string, DailyRow>
  readonly #seen = new Map<string, Seen>()
  readonly #rows = new Map<string, string>()
  readonly #withdrawable: { readonly after: number; readonly upTo: number }[] = []

  constructor(directory: string, expected: ExpectedFlights) {
    this.#directory = directory
    this.#expectedDaily = new Map(expected.daily.map((row) => [`${row.origin} ${row.day}`, row]))
  }

  get files(): number {
    return this.#seen.size
  }

  /** The job goes back to checkpoint `after`: files of those since may go. */
  goesBack(after: number, upTo: number): void {
    this.#withdrawable.push({ after, upTo })
  }

  /** Looks for new files; with `again` reads the known ones once more. */
  look({ again }: { readonly again: boolean }): void {
    const names = ['daily', 'totals'].flatMap((folder) => this.#namesIn(folder))
    for (const name of names) {
      const seen = this.#seen.get(name)
      if (seen === undefined) this.#meet(name)
      else if (again) this.#compare(name, seen)
    }
    const there = new Set(names)
    for (const name of this.#seen.keys()) {
      if (!there.has(name)) this.#forget(name)
    }
  }

  #namesIn(folder: string): readonly string[] {
    const path = join(this.#directory, folder)
    if (!existsSync(path)) return []
    const visible = readdirSync(path).filter((name) => !name.startsWith('.'))
    return visible.map((name) => join(folder, name))
  }

  #read(name: string): Seen {
    const path = join(this.#directory, name)
    const { dev, ino, size, mtimeMs } = statSync(path)
    return { identity: `${dev} ${ino} ${size} ${mtimeMs}`, text: readFileSync(path, 'utf8') }
  }

  #meet(name: string): void {
    const seen = this.#read(name)
    this.#seen.set(name, seen)
    if (!seen.text.endsWith('\n')) this.#tell(name, 'does not end with a whole line')
    const lines = seen.text.split('\n').slice(0, -1)
    for (const [index, line] of lines.entries()) this.#take(`${name}:${index + 1}`, line)
  }

  #take(place: string, line: string): void {
    const row = parsed(line)
    if (row === undefined) return this.#tell(place, `is half a line: ${line}`)
    const key = this.#keyOf(place, row)
    const before = this.#rows.get(key)
    if (before !== undefined) this.#tell(place, `is the same row as ${before}: ${line}`)
    this.#rows.set(key, place)
  }

  #keyOf(place: string, row: DailyRow | DestinationTotal): string {
    if ('destination' in row) return `${row.destination} ${row.flights}`
    const key = `${row.origin} ${row.day}`
    const want = this.#expectedDaily.get(key)
    if (want === undefined || !isSame(row, want)) this.#tell(place, 'is a row that is not expected')
    return key
  }

  #compare(name: string, before: Seen): void {
    const now = this.#read(name)
    if (now.identity !== before.identity || now.text !== before.text) {
      this.#tell(name, `changed: ${before.identity} became ${now.identity}`)
      this.#seen.set(name, now)
    }
  }

  #forget(name: string): void {
    const id = Number(/-(\d+)\.jsonl$/.exec(name)?.[1])
    if (!this.#withdrawable.some(({ after, upTo }) => after < id && id <= upTo)) {
      this.#tell(name, 'is gone')
    }
    this.#seen.delete(name)
    for (const [key, place] of this.#rows) {
      if (place.startsWith(`${name}:`)) this.#rows.delete(key)
    }
  }

  #tell(place: string, what: string): void {
    this.violations.push(`${place} ${what}`)
  }
}

function parsed(line: string): DailyRow | DestinationTotal | undefined {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function isSame(row: DailyRow, want: DailyRow): boolean {
  const fields = Object.keys(want) as (keyof DailyRow)[]
  return fields.every((field) => row[field] === want[field])
}

/** Everything below the folders but finished output and what a finished job keeps. */
export function leftoversIn(output: string, checkpoints: string): readonly string[] {
  const kept = /^part-\d+-\d+(-\d+)?\.jsonl$/
  return [
    ...filesIn(output).filter((name) => !kept.test(basename(name))),
    ...filesIn(checkpoints, { folders: true }).filter(
      (name) => name !== 'job.json' && name !== 'history.jsonl',
    ),
  ]
}

function filesIn(folder: string, { folders } = { folders: false }): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => folders || !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
}
