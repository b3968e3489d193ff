/**
 * A checkpoint that was damaged after it was complete: the job goes on from the one before it and
 * withdraws what was written since, or refuses.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { decodeMetadata } from '../../src/checkpoint/metadata.ts'
import { failed, scratchFolder } from './support.ts'
import {
  copyOf,
  finishTally,
  type Places,
  placesIn,
  problemsOf,
  rowsIn,
  stoppedTally,
} from './tally.ts'

const folder = scratchFolder()
const stopped = placesIn(join(folder, 'stopped'))
const NEWEST = 'chk-3'
const PAD = { pad: 200 }
/** So that there are state files. */
const checkpoints = { inlineThreshold: '1 kb' } as const

beforeAll(async () => {
  await stoppedTally(stopped, { count: 3, args: PAD, checkpoints })
})

const damages: Readonly<Record<string, (path: string) => void>> = {
  'has a flipped bit in its middle': (path) => flip(path, (bytes) => bytes.length >> 1),
  'has a flipped bit in its last byte': (path) => flip(path, (bytes) => bytes.length - 1),
  'lacks its last byte': (path) => cut(path, (bytes) => bytes.length - 1),
  'lacks its second half': (path) => cut(path, (bytes) => bytes.length >> 1),
  'is empty': (path) => cut(path, () => 0),
  'is gone': (path) => rmSync(path),
}

function flip(path: string, at: (bytes: Buffer) => number): void {
  const bytes = readFileSync(path)
  bytes[at(bytes)]! ^= 0x10
  writeFileSync(path, bytes)
}

function cut(path: string, at: (bytes: Buffer) => number): void {
  const bytes = readFileSync(path)
  writeFileSync(path, bytes.subarray(0, at(bytes)))
}

test('what is damaged is a checkpoint with state files, and output behind the one before', () => {
  expect(readdirSync(stopped.checkpoints).sort()).toEqual(
    ['chk-2', NEWEST, 'history.jsonl', 'job.json'].sort(),
  )
  expect(filesOf(stopped)).toContain('_metadata')
  expect(filesOf(stopped).length).toBeGreaterThan(2)
  expect(visibleOf(stopped).some((name) => name.endsWith('-3.jsonl'))).toBe(true)
})

function filesOf({ checkpoints }: Places): readonly string[] {
  return readdirSync(join(checkpoints, NEWEST))
}

function visibleOf({ output }: Places): readonly string[] {
  return readdirSync(output).filter((name) => !name.startsWith('.'))
}

describe.each(Object.keys(damages))('any file of the newest checkpoint %s', (damage) => {
  test('and the job goes on from the one before', async () => {
    for (const name of filesOf(stopped)) {
      const places = copyOf(stopped, join(folder, damage, name))
      damages[damage]!(join(places.checkpoints, NEWEST, name))
      const { job } = await finishTally(places, { restore: 'latest', args: PAD, checkpoints })
      expect(job.checkpoints.latestRestored?.id, name).toBe(2)
      expect(problemsOf(places), name).toEqual([])
    }
  })
})

test('where the sinks refuse to start all checkpoints stay as they were', async () => {
  const places = copyOf(stopped, join(folder, 'refused'))
  const marker = join(places.output, '.sluice-output.json')
  const text = readFileSync(marker)
  writeFileSync(marker, 'not the text of a marker')
  const older = { restore: join(places.checkpoints, 'chk-2'), args: PAD, checkpoints }
  expect(await failed(finishTally(places, older))).toMatchObject({ code: 'OUTPUT_OF_ANOTHER_JOB' })
  expect(filesOf(places)).toContain('_metadata')
  writeFileSync(marker, text)
  const { job } = await finishTally(places, { restore: 'latest', args: PAD, checkpoints })
  expect(job.checkpoints.latestRestored?.id).toBe(3)
  expect(problemsOf(places)).toEqual([])
})

describe('where the output cannot be withdrawn', () => {
  const KEEPING = { ...PAD, sink: 'keeping' } as const
  const kept = placesIn(join(folder, 'kept'))

  beforeAll(async () => {
    await stoppedTally(kept, { count: 3, args: KEEPING, checkpoints })
  })

  function again(places: Places, { restore = 'latest', accept = false } = {}) {
    const config = { 'execution.state-recovery.accept-duplicates': accept }
    return finishTally(places, { restore, config, args: KEEPING, checkpoints })
  }

  test('an older checkpoint is not restored, and nothing changes', async () => {
    for (const name of filesOf(kept)) {
      for (const [damage, inflict] of Object.entries(damages)) {
        // Without metadata it is no checkpoint, and nobody can tell that it was one.
        if (name === '_metadata' && damage === 'is gone') continue
        const places = copyOf(kept, join(folder, 'keeping', damage, name))
        inflict(join(places.checkpoints, NEWEST, name))
        const before = rowsIn(places.output)
        for (const attempt of ['first', 'second']) {
          const { code, message } = await failed(again(places))
          expect(code, `${name} ${damage}, ${attempt}`).toBe('RESTORE_WOULD_DUPLICATE')
          expect(message).toContain(name)
        }
        expect(rowsIn(places.output)).toEqual(before)
      }
    }
  })

  test.each(['latest', 'chk-2'])('it is restored if duplicates are accepted: %s', async (name) => {
    const places = copyOf(kept, join(folder, 'keeping', 'named', name))
    flip(join(places.checkpoints, NEWEST, '_metadata'), () => 50)
    const restore = name === 'latest' ? name : join(places.checkpoints, name)
    expect((await failed(again(places, { restore }))).code).toBe('RESTORE_WOULD_DUPLICATE')
    const { job } = await again(places, { restore, accept: true })
    expect(job.checkpoints.latestRestored?.id).toBe(2)
    const problems = problemsOf(places)
    expect(problems.length).toBeGreaterThan(0)
    for (const problem of problems) expect(problem).toContain('comes 2 times')
  })

  test('the newest checkpoint is restored, and nothing comes twice', async () => {
    const places = copyOf(kept, join(folder, 'keeping', 'whole'))
    await again(places)
    expect(problemsOf(places)).toEqual([])
  })
})

test('with no other checkpoint the damage is told, and nothing changes', async () => {
  const single = placesIn(join(folder, 'single'))
  await stoppedTally(single, { count: 1, args: PAD, checkpoints })
  const names = readdirSync(join(single.checkpoints, 'chk-1'))
  expect(names.length).toBeGreaterThan(2)
  for (const name of names) {
    for (const [damage, inflict] of Object.entries(damages)) {
      if (name === '_metadata' && damage === 'is gone') continue
      const places = copyOf(single, join(folder, 'single', damage, name))
      inflict(join(places.checkpoints, 'chk-1', name))
      const { code, message } = await failed(
        finishTally(places, { restore: 'latest', args: PAD, checkpoints }),
      )
      expect(['CHECKPOINT_DAMAGED', 'BLOB_MISSING']).toContain(code)
      expect(message).toContain(name)
      expect(rowsIn(places.output)).toEqual(rowsIn(single.output))
    }
  }
})

test('every flipped byte of a small checkpoint is found', async () => {
  const small = placesIn(join(folder, 'small'))
  await stoppedTally(small, { count: 1, args: { keys: 10 } })
  const folderOf = join(small.checkpoints, 'chk-1')
  expect(readdirSync(folderOf)).toEqual(['_metadata'])
  const bytes = readFileSync(join(folderOf, '_metadata'))
  expect(decodeMetadata(bytes, 'it').checkpointId).toBe(1)
  for (let at = 0; at < bytes.length; at++) {
    bytes[at]! ^= 1 << (at % 8)
    expect(() => decodeMetadata(bytes, 'it'), `byte ${at}`).toThrow('it ')
    bytes[at]! ^= 1 << (at % 8)
  }
})
