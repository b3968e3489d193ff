/** Cancelling by every way there is, and results of jobs that end in their middle. */
import { once } from 'node:events'
import { join } from 'node:path'
import { type JobHandle, runJob } from 'sluice'
import { expect, test } from 'vitest'
import {
  ended,
  failed,
  fileTree,
  fixture,
  hasRead,
  scratchFolder,
  startSluice,
  until,
  within,
} from './support.ts'

const JOB = fixture('stubborn.ts')
const scratch = scratchFolder()

test('cancel() ends a job that writes files, and none of them stays', async () => {
  const output = join(scratch, 'canceled')
  const job = await runJob(JOB, { args: { to: 'files', output } })
  await hasRead(job, 10_000)
  expect(fileTree(output).length).toBeGreaterThan(0)
  await Promise.all([within('cancel', job.cancel()), job.cancel()])
  expect(job.status).toBe('canceled')
  expect((await job.finished).status).toBe('canceled')
  expect(fileTree(output)).toEqual([])
  await within('another cancel', job.cancel())
})

test('an AbortSignal cancels a job that runs', async () => {
  const controller = new AbortController()
  const job = await runJob(JOB, { args: { to: 'nowhere' }, signal: controller.signal })
  await hasRead(job)
  controller.abort()
  expect((await within('aborting', job.finished)).status).toBe('canceled')
})

test('a signal that was aborted before cancels the job, and old output stays', async () => {
  const output = join(scratch, 'before')
  const done = await runJob(JOB, { args: { to: 'files', output, at: 'end' } })
  await within('the first job', done.finished)
  const files = fileTree(output)
  expect(files.length).toBeGreaterThan(0)
  const signal = AbortSignal.abort()
  const job = await runJob(JOB, { args: { to: 'files', output }, overwrite: true, signal })
  expect((await within('a job aborted before', job.finished)).status).toBe('canceled')
  expect(fileTree(output)).toEqual(files)
})

test('a signal that aborts while the job starts cancels it', async () => {
  const controller = new AbortController()
  const starting = runJob(JOB, { args: { to: 'nowhere' }, signal: controller.signal })
  process.once('worker', () => controller.abort())
  const job = await within('starting', starting)
  expect((await within('aborting', job.finished)).status).toBe('canceled')
})

test('a task in an endless loop is ended when its time is over', async () => {
  const output = join(scratch, 'loop')
  const job = await runJob(JOB, {
    args: { to: 'files', at: 'loop', output },
    config: { 'task.cancellation.timeout': '100 ms' },
  })
  await hasRead(job, 1)
  await within('cancelling a loop', job.cancel())
  expect(job.status).toBe('canceled')
  expect(fileTree(output)).toEqual([])
})

test('a record that waits for its consumers gives up when its task is told to end', async () => {
  const job = await runJob(JOB, {
    args: { to: 'rows', at: 'flood' },
    config: { 'task.cancellation.timeout': '1 h', 'pipeline.overdraft-bytes-max': '32 mb' },
  })
  await hasRead(job, 1)
  await restingPoint(job)
  await within('cancelling a flood', job.cancel())
  expect(job.status).toBe('canceled')
})

test.each(['SIGINT', 'SIGTERM'] as const)(
  'a second %s ends a command that is stuck',
  async (name) => {
    const child = startSluice('run', JOB, '--to', 'nowhere', '--at', 'loop')
    await said(child, 'job starts')
    child.kill(name)
    await said(child, 'once more ends it at once')
    child.kill(name)
    const { code } = await ended(child)
    expect(code).toBe(name === 'SIGINT' ? 130 : 143)
  },
)

test('one Ctrl-C withdraws files and ends with code 130', async () => {
  const output = join(scratch, 'interrupted')
  const child = startSluice('run', JOB, '--to', 'files', '--output', output)
  await until('files', () => fileTree(output).length > 0)
  child.kill('SIGINT')
  const { code, err } = await ended(child)
  expect(code).toBe(130)
  expect(err).toContain('job canceled')
  expect(fileTree(output)).toEqual([])
})

test('while nobody reads the rows, the job waits', async () => {
  const job = await runJob(JOB, { config: SMALL_RINGS })
  const most = await restingPoint(job)
  expect(most).toBeLessThan(20_000)
  let seen = 0
  const read = async () => {
    for await (const row of job.collect<{ n: number }>('rows')) {
      expect(row.n).toBe(seen++)
      if (seen === 100_000) break
    }
  }
  await within('reading', read())
  // Nobody waits for rows that are thrown away.
  await hasRead(job, 200_000)
  await within('cancel', job.cancel())
})

test('a loop that is left early lets a job with an end go on to it', async () => {
  const job = await runJob(JOB, { args: { at: 'end' }, config: SMALL_RINGS })
  for await (const _ of job.collect('rows')) break
  expect((await within('the rest', job.finished)).metrics.recordsRead).toBe(2000)
})

test('rows that were never read can be read when the job has ended', async () => {
  const job = await runJob(JOB, { args: { at: 'end' } })
  await within('the job', job.finished)
  expect(await within('reading', numbersOf(job))).toEqual(Array.from({ length: 2000 }, (_, n) => n))
})

test('a loop over rows ends when the job is cancelled', async () => {
  const job = await runJob(JOB, { config: SMALL_RINGS })
  const reading = numbersOf(job)
  await hasRead(job, 1)
  await job.cancel()
  const numbers = await within('reading', reading)
  expect(numbers).toEqual(numbers.map((_, index) => index))
})

test('a loop over rows throws the error with which the job fails', async () => {
  const job = await runJob(JOB, { args: { at: 'fail' }, config: SMALL_RINGS })
  const error = await failed(numbersOf(job))
  expect(error.message).toBe("operator 'stubborn' failed: enough")
  expect(await failed(job.finished)).toBe(error)
})

test('rows printed before a failure are printed, and after a cancel there are none', async () => {
  const lines: string[] = []
  const onPrint = async (line: string) => {
    lines.push(line)
    await new Promise((resolve) => setImmediate(resolve))
  }
  const failing = await runJob(JOB, { args: { to: 'print', at: 'fail' }, onPrint })
  await failed(failing.finished)
  expect(lines).toEqual(lines.map((_, n) => JSON.stringify({ n, text: 'row' })))

  const canceled = await runJob(JOB, { args: { to: 'print' }, onPrint })
  await until('printing', () => lines.length > 3000)
  await within('cancel', canceled.cancel())
  const atCancel = lines.length
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(lines.length).toBeLessThanOrEqual(atCancel + 1)
})

test('a print that never comes back does not keep a job from being cancelled', async () => {
  const onPrint = () => new Promise<void>(() => {})
  const job = await runJob(JOB, { args: { to: 'print', at: 'end' }, onPrint })
  await hasRead(job, 1)
  await within('cancel', job.cancel())
  expect(job.status).toBe('canceled')
})

test('a print that fails fails the job', async () => {
  const onPrint = () => Promise.reject(new Error('no paper'))
  const job = await runJob(JOB, { args: { to: 'print' }, onPrint })
  const error = await failed(job.finished)
  expect(error.code).toBe('OUTPUT_FAILED')
  expect(error.message).toBe('a row could not be printed: no paper')
})

const SMALL_RINGS = { segmentSize: '4 kb', buffersPerChannel: 4 }

/** How many records the job has read when it reads no more. */
async function restingPoint(job: JobHandle): Promise<number> {
  let before = -1
  let same = 0
  const rests = () => {
    const now = job.metrics().recordsRead
    same = now > 0 && now === before ? same + 1 : 0
    before = now
    return same >= 50
  }
  await until('the job to wait', rests)
  return before
}

async function numbersOf(job: JobHandle): Promise<readonly number[]> {
  const numbers: number[] = []
  for await (const { n } of job.collect<{ n: number }>('rows')) numbers.push(n)
  return numbers
}

async function said(child: ReturnType<typeof startSluice>, words: string): Promise<void> {
  const listen = async () => {
    for (let text = ''; !text.includes(words); )
      text += String((await once(child.stderr!, 'data'))[0])
  }
  await within(`the command to say '${words}'`, listen())
}
