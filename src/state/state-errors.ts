/**
 * What can go wrong with state on its way into a checkpoint and back.
 * Threads: any.
 */
import { SluiceError } from '../base/errors.ts'
import type { SectionHeader } from './snapshot-contract.ts'

export type StateType = Pick<SectionHeader, 'kind' | 'detail'>

export function damaged(what: string, cause?: unknown): SluiceError {
  return new SluiceError('CHECKPOINT_DAMAGED', `encoded state makes no sense: ${what}`, {
    hint: 'restore an earlier checkpoint',
    cause,
  })
}

/** Of what has the right checksum, and so was wrong when it was written. */
export function partDamaged(which: string, cause: SluiceError): SluiceError {
  return new SluiceError('CHECKPOINT_DAMAGED', `${which}: ${cause.message}`, {
    hint: 'restore an earlier checkpoint; the file is what was written, so please report this',
    cause,
  })
}

export function notEncodable(state: string, cause: Error): SluiceError {
  return new SluiceError(
    'STATE_NOT_ENCODABLE',
    `a value of state '${state}' cannot be written into a checkpoint: ${cause.message}`,
    { hint: 'state holds plain data: objects, arrays, strings, numbers, dates, bytes', cause },
  )
}

export function unclaimed(section: SectionHeader): SluiceError {
  return new SluiceError(
    'STATE_UNCLAIMED',
    `the checkpoint holds state '${section.name}' (${described(section)}), which is not declared`,
    {
      hint:
        'declare it again under its name, or leave it out: ' +
        '-D execution.state-recovery.ignore-unclaimed-state=true',
    },
  )
}

export function incompatible(section: SectionHeader, now: StateType): SluiceError {
  return new SluiceError(
    'STATE_INCOMPATIBLE',
    `state '${section.name}' is ${described(section)} in the checkpoint, ${described(now)} now`,
    { hint: 'declare it as it was, or give the new state another name' },
  )
}

function described({ kind, detail }: StateType): string {
  return kind === 'timers' ? kind : `a ${kind}${detail === '' ? '' : ` of ${detail}`}`
}
