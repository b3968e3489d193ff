/** After a job has ended, however it has ended, nothing of it is left. */
import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { ended, fileTree, fixture, scratchFolder } from './support.ts'

const PROGRAM = fileURLToPath(new URL('leftovers-program.mjs', import.meta.url))
const ROUNDS = 2

const scratch = scratchFolder()

test('no thread, port, file, timer or folder is left, and the process ends by itself', async () => {
  const output = join(scratch, 'output')
  const temporary = join(scratch, 'temporary')
  mkdirSync(temporary)
  const child = spawn(process.execPath, [PROGRAM, fixture(''), output, String(ROUNDS)], {
    env: { ...process.env, TMPDIR: temporary, NODE_NO_WARNINGS: '1' },
  })
  const { code, out, err } = await ended(child)
  expect(err).toBe('')
  expect(code).toBe(0)
  const { before, after } = JSON.parse(out)
  expect(after).toEqual(before)
  expect(after.resources.filter((kind: string) => !kind.startsWith('Pipe'))).toEqual([])
  expect(fileTree(temporary)).toEqual([])
  const parts = fileTree(output).filter((name) => name !== 'closed')
  expect(parts.filter((name) => name.startsWith('.'))).toEqual([])
  // Only the jobs that finished have made anything visible.
  expect(parts.length).toBeGreaterThanOrEqual(ROUNDS + 1)
  expect(new Set(parts.map((name) => name.slice(0, 6)))).toEqual(new Set(['part-0']))
})
