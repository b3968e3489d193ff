/** Threads that die: each way is told as one failure, nothing hangs, and output is withdrawn. */
import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { runJob } from 'sluice'
import { expect, test } from 'vitest'
import {
  failed,
  failureOf,
  fileTree,
  fixture,
  hasRead,
  lineEnding,
  scratchFolder,
} from './support.ts'

const JOB = fixture('dying.ts')
const scratch = scratchFolder()
const OWN = 'my rows -> as they are -> mine'
const CHAIN = 'generator -> mortal -> json lines'

function dying(how: string, config: Record<string, unknown> = {}) {
  const output = join(scratch, how)
  return { args: { how, output }, config }
}

test('a thread out of memory is told with the limit and the option that raises it', async () => {
  const options = dying('out of memory', { 'task.heap.size': '40 mb' })
  const error = await failureOf(JOB, options)
  expect(error.code).toBe('TASK_OUT_OF_MEMORY')
  expect(error.operator).toContain(CHAIN)
  expect(error.message).toMatch(/^'generator -> .*' ran out of memory: its heap reached 40 mb$/)
  expect(error.hint).toContain('task.heap.size')
  expect(fileTree(options.args.output)).toEqual(['closed'])
})

test('process.exit() in a job ends the job and not the program', async () => {
  const options = dying('exit')
  const error = await failureOf(JOB, options)
  expect(error.code).toBe('TASK_EXITED')
  expect(error.operator).toContain(CHAIN)
  expect(error.message).toContain('ended by itself with exit code 0')
  expect(error.hint).toContain('process.exit()')
  expect(fileTree(options.args.output)).toEqual(['closed'])
})

test.each([
  ['rejection', 'nobody handled the rejection of a promise: nobody awaits me'],
  ['callback', 'an error was thrown in a callback, where nobody catches it: nobody catches me'],
])("an unhandled %s fails the job with the user's own line", async (how, words) => {
  const options = dying(how)
  const error = await failureOf(JOB, options)
  expect(error.code).toBe('TASK_FAILED')
  expect(error.operator).toContain(CHAIN)
  expect(error.message).toContain(words)
  expect(error.place).toContain(`${lineEnding(JOB, `// at: ${how}`)}:`)
  expect(error.hint).toContain('catch')
  expect(fileTree(options.args.output)).toEqual(['closed'])
})

test('a promise rejected with something that is no error is told too', async () => {
  const error = await failureOf(JOB, dying('rejection without an error'))
  expect(error.code).toBe('TASK_FAILED')
  expect(error.message).toContain('only text')
})

test('a thread that something else terminates fails the job', async () => {
  const workers: Worker[] = []
  const see = (worker: Worker) => workers.push(worker)
  process.on('worker', see)
  const options = dying('nothing')
  const job = await runJob(JOB, options)
  process.off('worker', see)
  await hasRead(job, 20_000)
  await workers[0]!.terminate()
  const error = await failed(job.finished)
  expect(error.code).toBe('TASK_EXITED')
  expect(job.status).toBe('failed')
  expect(fileTree(options.args.output)).toEqual(['closed'])
})

test.each([
  ['discover', "the source 'my rows' could not find its input", 'my rows'],
  ['reader', "operator 'my rows' failed", 'my rows'],
  ['open a split', "operator 'my rows' failed", 'my rows'],
  ['next', "operator 'my rows' failed", 'my rows'],
  ['next later', "operator 'my rows' failed", 'my rows'],
  ['record', "operator 'my rows' failed", 'my rows'],
  ['close the reader', "operator 'my rows' failed", 'my rows'],
  ['start', "the sink 'own sink' could not start", 'own sink'],
  ['writer', "operator 'mine' failed", 'mine'],
  ['open the writer', "operator 'mine' failed", 'mine'],
  ['write', "operator 'mine' failed", 'mine'],
  ['ready', `operator '${OWN}' failed`, OWN],
  ['flush', "operator 'mine' failed", 'mine'],
  ['prepare', "operator 'mine' failed", 'mine'],
  ['close the writer', "operator 'mine' failed", 'mine'],
  ['commit', "the sink 'own sink' could not commit its output", 'own sink'],
])(
  "an error in a connector's %s is told with its name and line",
  async (where, words, operator) => {
    const error = await failureOf(fixture('own-connectors.ts'), { args: { where } })
    expect(error.message).toBe(`${words}: trouble: ${where}`)
    expect(error.operator).toBe(operator)
    expect(error.place).toBe(`${lineEnding(fixture('trouble.ts'), '`)')}:9`)
  },
)
