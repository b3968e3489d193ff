import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'vitest'
import { jsonLines } from '../../../src/connector/file/json-lines.ts'
import { checkSink } from '../../../src/testing/sink-conformance.ts'

test.each([undefined, 20])(
  'the sink of JSON lines keeps the contract, rolling at %s',
  async (roll) => {
    const directory = mkdtempSync(join(tmpdir(), 'sluice-sink-'))
    const records = Array.from({ length: 40 }, (_, i) => ({ i, text: `record ${i}` }))
    const byCheckpoint = (name: string) => name.match(/\d+/g)!.map(Number)
    const read = () =>
      readdirSync(directory)
        .filter((name) => !name.startsWith('.'))
        .sort((a, b) => compare(byCheckpoint(a).slice(1), byCheckpoint(b).slice(1)))
        .flatMap((name) => readFileSync(join(directory, name), 'utf8').trimEnd().split('\n'))
        .map((line) => JSON.parse(line) as (typeof records)[number])
    try {
      const options = roll === undefined ? {} : { rollBytes: roll }
      await checkSink({ sink: jsonLines(directory, options), records, read })
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  },
)

function compare(a: readonly number[], b: readonly number[]): number {
  return a[0]! - b[0]! || (a[1] ?? 0) - (b[1] ?? 0)
}
