/** `sluice run --restore latest` of a job that has finished is no failure. */
import { afterEach, expect, test, vi } from 'vitest'
import { SluiceError } from '../../src/base/errors.ts'
import { run } from '../../src/cli/run.ts'

const { runJob } = vi.hoisted(() => ({ runJob: vi.fn() }))
vi.mock('../../src/coordinator/run-job.ts', () => ({ runJob }))

const flags = { define: [], overwrite: false, logLevel: 'info', progress: false }

afterEach(() => vi.restoreAllMocks())

test('it is told in the log, and the exit code is 0', async () => {
  runJob.mockRejectedValue(new SluiceError('JOB_ALREADY_FINISHED', "job 'a' has finished"))
  const { code, err } = await ran()
  expect(code).toBe(0)
  expect(JSON.parse(err)).toMatchObject({ level: 30, msg: "job 'a' has finished" })
})

test('any other error before the start is bad usage', async () => {
  runJob.mockRejectedValue(new SluiceError('JOB_SYNTAX', 'no job'))
  const { code, err } = await ran()
  expect(code).toBe(2)
  expect(err).toContain('error JOB_SYNTAX: no job')
})

async function ran(): Promise<{ readonly code: number; readonly err: string }> {
  let err = ''
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err += String(text)
    return true
  })
  const code = await run('a.ts', { flags, own: [] })
  return { code, err }
}
