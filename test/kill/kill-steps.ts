/**
 * Where a job can be killed: at named steps of a checkpoint's life, at any operation on its files,
 * and at any time. A seed chooses.
 */
import type { Prng } from '../../src/base/prng.ts'
import type { DiskFault } from '../fixtures/disk-faults.mjs'
import type { KillAt } from './start-child.ts'

export interface Kill {
  readonly name: string
  readonly killAt?: KillAt
  readonly faults?: readonly DiskFault[]
  readonly killAfterMs?: number
  /** Comes at the end of the job only. */
  readonly atEnd?: boolean
  /** An operation fails before anybody is killed: the job may end by itself, with a code. */
  readonly isFailure?: boolean
}

/** `nth`: of the operations on such a path; without it any of the first few. */
type FileStep = readonly [name: string, op: string, path: string, nth?: number]

const MESSAGES = [
  ['trigger', 'checkpoint triggered'],
  ['acknowledged by all', 'checkpoint acknowledged by all tasks'],
  ['complete, before tasks are notified', 'checkpoint complete'],
] as const

/** Of each checkpoint. */
const EACH: readonly FileStep[] = [
  ['state written', 'write', '/chk-\\d+/state-'],
  ['state synced', 'sync', '/chk-\\d+/state-'],
  ['metadata written', 'write', '/chk-\\d+/\\.tmp-'],
  ['metadata synced', 'sync', '/chk-\\d+/\\.tmp-'],
  ['metadata published', 'link', '/chk-\\d+/_metadata$'],
  ['folder of the checkpoint synced', 'sync', '/chk-\\d+$'],
  ['temporary of the metadata removed', 'unlink', '/chk-\\d+/\\.tmp-'],
  ['history written', 'write', '/history\\.jsonl$'],
  ['part opened', 'open', '/\\.part-'],
  ['part written', 'write', '/\\.part-'],
  ['part synced', 'sync', '/\\.part-'],
  ['part made visible', 'link', '/part-\\d+-\\d+\\.jsonl$'],
  ['folder of the output synced', 'sync', '/(daily|totals)$'],
  ['hidden name of a part removed', 'unlink', '/\\.part-'],
  ['metadata of an old checkpoint removed', 'unlink', '/chk-\\d+/_metadata$'],
  ['old checkpoint removed', 'unlink', '/chk-\\d+$'],
]

/** Of a job that begins. */
const FIRST: readonly FileStep[] = [
  ['lock taken', 'link', '/lock$'],
  ['job file written', 'rename', '/job\\.json$', 1],
  ['attempt noted', 'rename', '/job\\.json$', 2],
  ['output probed', 'unlink', '/\\.part-probe'],
  ['marker of the output written', 'rename', '/\\.sluice-output\\.json$'],
]

/** Of a job that goes on where another process was killed. */
const AGAIN: readonly FileStep[] = [
  ['lock of the dead claimed', 'link', '/\\.tmp-claim-'],
  ['lock of the dead removed', 'unlink', '/lock$'],
  ['claim to the lock removed', 'unlink', '/\\.tmp-claim-'],
  ['output probed', 'unlink', '/\\.part-probe'],
  ['lock taken', 'link', '/lock$'],
  ['attempt noted', 'rename', '/job\\.json$', 1],
]

/** Of a job that went on; the file of a new one has been written once more by then. */
const LAST: readonly FileStep[] = [
  ['job finished', 'rename', '/job\\.json$', 2],
  ['marker of the output removed', 'unlink', '/\\.sluice-output\\.json$'],
  ['lock given back', 'unlink', '/lock$'],
]

export interface KillFacts {
  readonly random: Prng
  /** Nothing of the job is there yet. */
  readonly isNew: boolean
  /** Of the job's checkpoints and output. */
  readonly folder: string
}

/** Half of them at named steps. Now and then the disk fails instead. */
export function chooseKill(facts: KillFacts): Kill {
  return facts.random.below(2) === 0 ? atStep(facts) : atRandom(facts)
}

function atStep({ random, isNew }: KillFacts): Kill {
  const dice = random.below(100)
  if (dice < 12) return { ...atFile(random, LAST, 1), atEnd: true }
  if (dice < 22) return atFile(random, isNew ? FIRST : AGAIN, 1)
  if (dice < 40) {
    const [name, message] = oneOf(random, MESSAGES)
    return { name, killAt: { message, nth: 1 + random.below(4), delayMs: 0 } }
  }
  return atFile(random, EACH, 4)
}

function atFile(random: Prng, steps: readonly FileStep[], nthMax: number): Kill {
  const [step, op, path, nth = 1 + random.below(nthMax)] = oneOf(random, steps)
  const action = oneOf(random, ['kill-before', 'kill-after'])
  return { name: `${action}: ${step} (${nth})`, faults: [{ op, path, nth, action }] }
}

/** What a disk refuses may fail. What it cannot read for a moment is as good as damaged. */
const FAILING = ['write', 'sync', 'link', 'rename', 'unlink', 'mkdir', 'rmdir']

function failing({ random, folder }: KillFacts): Kill {
  const op = oneOf(random, FAILING)
  const nth = 1 + random.below(op === 'write' || op === 'sync' ? 60 : 20)
  const action = oneOf(random, ['EIO', 'ENOSPC', 'EROFS'])
  const faults = [{ op, path: folder, nth, action }]
  const killAt = { message: 'checkpoint complete', nth: 1 + random.below(4), delayMs: 20 }
  return { name: `${action} at ${op} ${nth}`, faults, killAt, isFailure: true }
}

function atRandom(facts: KillFacts): Kill {
  const { random, folder } = facts
  const dice = random.below(12)
  if (dice >= 10) return failing(facts)
  if (dice < 2) {
    const killAfterMs = random.below(3_000)
    return { name: `${killAfterMs} ms after the start`, killAfterMs }
  }
  const action = oneOf(random, ['kill-before', 'kill-after'])
  if (dice < 4) {
    const nth = 1 + random.below(250)
    return { name: `${action}: operation ${nth}`, faults: [{ op: '*', path: folder, nth, action }] }
  }
  const nth = 1 + random.below(3)
  const delayMs = 1 + random.below(200)
  const name = `${delayMs} ms after checkpoint ${nth}`
  return { name, killAt: { message: 'checkpoint complete', nth, delayMs } }
}

export function oneOf<T>(random: Prng, all: readonly T[]): T {
  return all[random.below(all.length)]!
}
