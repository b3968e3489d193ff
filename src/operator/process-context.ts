/**
 * What users' process functions are given as `ctx`: one object an operator, the same for every
 * record and timer, valid during the call alone.
 * Threads: the task.
 */
import { SluiceError } from '../base/errors.ts'
import { NO_TIME } from '../codec/page.ts'
import type { OperatorContext, OperatorTimers } from './contract.ts'
import type { StateSpecData } from './spec.ts'

type StateHandles = Readonly<Record<string, unknown>>

export class ProcessContext {
  /** Event time of the record or timer in epoch ms; -Infinity where there is none. */
  time = NO_TIME
  readonly state: StateHandles
  /** To a side output, with the time of the record or timer. */
  readonly emitTo: (output: { readonly name: string }, record: unknown) => void
  readonly #context: OperatorContext
  readonly #timers: OperatorTimers | undefined

  constructor(context: OperatorContext, state: StateHandles, timers?: OperatorTimers) {
    this.#context = context
    this.state = state
    this.#timers = timers
    this.emitTo = (output, record) => context.output.emitTo(output.name, record, this.time)
  }

  /** The current key. */
  get key(): unknown {
    if (this.#context.keyed === undefined) throw this.#needsKey('ctx.key')
    return this.#context.keyed.key
  }

  /** -Infinity before the first watermark, Infinity at the end of event time. */
  get watermark(): number {
    return this.#context.watermark()
  }

  /** The task's clock, which a test may move by hand. */
  get processingTime(): number {
    return this.#context.clock.nowMs()
  }

  get timers(): OperatorTimers {
    if (this.#timers === undefined) throw this.#needsKey('ctx.timers')
    return this.#timers
  }

  #needsKey(what: string): SluiceError {
    return new SluiceError('NEEDS_KEY', `${what} is there only behind keyBy`, {
      operator: this.#context.name,
      hint: 'put .keyBy(...) before .process(...)',
    })
  }
}

/** The handles of states declared beside a process function, by their names. */
export function declareStates(
  context: OperatorContext,
  declared: Readonly<Record<string, StateSpecData>>,
): StateHandles {
  const entries = Object.entries(declared)
  return Object.fromEntries(entries.map(([name, spec]) => [name, handleOf(context, name, spec)]))
}

function handleOf(context: OperatorContext, name: string, spec: StateSpecData): unknown {
  const { keyed, operatorState } = context
  if (keyed === undefined) {
    if (spec.kind === 'list') return operatorState.list(name)
    throw new SluiceError(
      'NEEDS_KEY',
      `state '${name}' is a ${spec.kind} state, which needs a key`,
      {
        operator: context.name,
        hint: 'put .keyBy(...) before .process(...), or declare a list',
      },
    )
  }
  const descriptor = { name, kind: spec.kind, initial: spec.initial }
  if (spec.kind === 'list') return keyed.list(descriptor)
  return spec.kind === 'map' ? keyed.map(descriptor) : keyed.value(descriptor)
}

/** What `open` of a process function is given. */
export function openArguments(context: OperatorContext): Readonly<Record<string, unknown>> {
  const { name, subtask, parallelism, maxParallelism, attempt } = context
  return Object.freeze({ name, subtask, parallelism, maxParallelism, attempt })
}
