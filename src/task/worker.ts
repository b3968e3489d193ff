/**
 * Entry of a worker thread: becomes the subtask that its deployment describes, reports, and runs
 * it until it has finished, failed or was stopped.
 * Threads: the worker.
 */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { buildGraph } from '../api/build-graph.ts'
import type { Job } from '../api/job.ts'
import { assert } from '../base/assert.ts'
import { systemClock } from '../base/clock.ts'
import { errorToData, SluiceError } from '../base/errors.ts'
import type { Logger } from '../base/log.ts'
import { Doorbell } from '../channel/doorbell.ts'
import { jobGraph } from '../graph/chains.ts'
import { fingerprint } from '../graph/fingerprint.ts'
import type { JobOptions } from '../graph/options.ts'
import type { TaskDeployment } from '../protocol/deployment.ts'
import type { FromTask, ToTask } from '../protocol/messages.ts'
import type { BuiltSubtask } from './build-subtask.ts'
import { buildSubtask } from './build-subtask.ts'
import { TaskMailbox } from './task-mailbox.ts'
import { driveSubtask } from './worker-loop.ts'

assert(parentPort !== null, 'worker.js runs in a worker thread')
const port = parentPort
const deployment = workerData as TaskDeployment
const { attempt, task } = deployment
const send = (message: FromTask) => port.postMessage(message)

/**
 * Where there are more tasks than cores those that have not seen a barrier yet come first: to
 * compress what was on its way takes a millisecond, to take a barrier and pass it on a third.
 */
const BARRIERS_FIRST_MS = 3

// The innermost frame of the chain's code names the operator: it must be among those recorded.
Error.stackTraceLimit = 100
process.on('uncaughtException', (error, origin) => {
  fail(error, origin === 'unhandledRejection' ? 'rejection' : 'error')
})

await main().catch((error: unknown) => fail(error))
send({ type: 'closed', attempt, task })

/** Told at once, before anything is closed: closing may take its time, or fail too. */
function fail(error: unknown, uncaught?: 'rejection' | 'error'): void {
  const data = errorToData(error)
  send({ type: 'failed', attempt, task, error: data, ...(uncaught && { uncaught }) })
}

async function main(): Promise<void> {
  const { default: job } = (await import(deployment.jobUrl)) as { default: Job }
  const graph = buildGraph(job, deployment.args)
  send({ type: 'built', attempt, task, fingerprint: fingerprint(graph) })
  const doorbell = new Doorbell(deployment.doorbell)
  const mailbox = new TaskMailbox(attempt)
  const takeMail = () => {
    if (doorbell.takeMail()) takeAll(mailbox)
  }
  const built: BuiltSubtask = buildSubtask({
    jobGraph: jobGraph(graph, deployment.options as JobOptions),
    deployment,
    doorbell,
    clock: systemClock,
    log: forwardedLog(),
    send,
    mayBlock: true,
    packsAfterMs: BARRIERS_FIRST_MS,
    isStopped: () => {
      takeMail()
      return mailbox.isCanceled
    },
  })
  await runTask(built, { doorbell, mailbox, takeMail }).catch((error: unknown) => {
    // A record that was told to give up is no failure.
    if (!mailbox.isCanceled || codeOf(error) !== 'TASK_STOPPED') fail(error)
  })
  await built.close()
}

function codeOf(error: unknown): unknown {
  return error instanceof SluiceError ? error.code : undefined
}

interface Mail {
  readonly doorbell: Doorbell
  readonly mailbox: TaskMailbox
  readonly takeMail: () => void
}

async function runTask(built: BuiltSubtask, mail: Mail): Promise<void> {
  const { doorbell, mailbox, takeMail } = mail
  const until = async (condition: () => boolean) => {
    for (takeMail(); !condition(); takeMail()) {
      await doorbell.parkAsync(() => doorbell.hasMail(), Number.POSITIVE_INFINITY)
    }
  }
  await built.open()
  send({ type: 'ready', attempt, task })
  await until(() => mailbox.isStarted || mailbox.isCanceled)
  const takeOrders = () => {
    takeMail()
    for (let one = mailbox.nextOrder(); one !== undefined; one = mailbox.nextOrder())
      built.take(one)
  }
  const isStopped = () => mailbox.isCanceled || mailbox.isClosing
  await driveSubtask({ ...built, doorbell, takeOrders, isStopped })
  await until(() => mailbox.isClosing || mailbox.isCanceled)
}

function takeAll(mailbox: TaskMailbox): void {
  for (
    let item = receiveMessageOnPort(port);
    item !== undefined;
    item = receiveMessageOnPort(port)
  ) {
    mailbox.take(item.message as ToTask)
  }
}

function forwardedLog(): Logger {
  const at = (level: keyof Logger) => (fields: object, message: string) =>
    send({ type: 'log', attempt, task, level, fields, message })
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
