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
import { errorToData } from '../base/errors.ts'
import type { Logger } from '../base/log.ts'
import { Doorbell } from '../channel/doorbell.ts'
import { jobGraph } from '../graph/chains.ts'
import { fingerprint } from '../graph/fingerprint.ts'
import type { JobOptions } from '../graph/options.ts'
import type { TaskDeployment } from '../protocol/deployment.ts'
import type { FromTask, ToTask } from '../protocol/messages.ts'
import { buildSubtask } from './build-subtask.ts'
import { TaskMailbox } from './task-mailbox.ts'
import { driveSubtask } from './worker-loop.ts'

assert(parentPort !== null, 'worker.js runs in a worker thread')
const port = parentPort
const deployment = workerData as TaskDeployment
const { attempt, task } = deployment
const send = (message: FromTask) => port.postMessage(message)

try {
  await main()
} catch (error) {
  send({ type: 'failed', attempt, task, error: errorToData(error) })
}

async function main(): Promise<void> {
  const { default: job } = (await import(deployment.jobUrl)) as { default: Job }
  const graph = buildGraph(job, deployment.args)
  send({ type: 'built', attempt, task, fingerprint: fingerprint(graph) })
  const doorbell = new Doorbell(deployment.doorbell)
  const built = buildSubtask({
    jobGraph: jobGraph(graph, deployment.options as JobOptions),
    deployment,
    doorbell,
    clock: systemClock,
    log: forwardedLog(),
    send,
    mayBlock: true,
  })
  const mailbox = new TaskMailbox({ attempt, onSplits: built.addSplits })
  const takeMail = () => {
    if (doorbell.takeMail()) takeAll(mailbox)
  }
  try {
    await built.open()
    send({ type: 'ready', attempt, task })
    await until(() => mailbox.isStarted || mailbox.isCanceled)
    await driveSubtask({ ...built, doorbell, takeMail, isStopped: () => mailbox.isCanceled })
    await until(() => mailbox.isClosing || mailbox.isCanceled)
  } finally {
    await built.close()
  }
  send({ type: 'closed', attempt, task })

  async function until(condition: () => boolean): Promise<void> {
    for (takeMail(); !condition(); takeMail()) {
      await doorbell.parkAsync(() => doorbell.hasMail(), Number.POSITIVE_INFINITY)
    }
  }
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
