/**
 * A user's process function behind keyBy: state, timers, side outputs.
 * Threads: the task.
 */
import { assert } from '../base/assert.ts'
import { NO_TIME } from '../codec/page.ts'
import { TimerService } from '../time/timer-service.ts'
import { compile, keyExpression, notOpen } from './compile.ts'
import type { Operator, OperatorContext } from './contract.ts'
import { FIRED_A_RUN, fireRun } from './firing.ts'
import { declareStates, openArguments, ProcessContext } from './process-context.ts'
import type { KeySelector, ProcessSpec } from './spec.ts'

interface CompiledProcess {
  process(record: unknown, timeMs: number): void
  onTimer(timeMs: number): void
}

export class KeyedProcessOperator implements Operator {
  readonly setsKeyFirst = true
  process: (record: unknown, timeMs: number) => void = notOpen
  readonly #spec: ProcessSpec
  readonly #key: KeySelector | undefined
  #context: OperatorContext | undefined
  #timers: TimerService | undefined
  /** Every timer that was due by this watermark has fired. */
  #firedMs = NO_TIME

  constructor(spec: ProcessSpec, key: KeySelector | undefined) {
    this.#spec = spec
    this.#key = key
  }

  open(context: OperatorContext): void | Promise<void> {
    const keyed = context.keyed
    assert(keyed !== undefined, 'a keyed operator needs keyed state')
    this.#context = context
    this.#timers = new TimerService({
      keyed,
      onEventTime: (timeMs) => {
        user.time = timeMs
        compiled.onTimer(timeMs)
      },
      onProcessingTime: (timeMs) => {
        user.time = NO_TIME
        compiled.onTimer(timeMs)
      },
      wakeAt: (timeMs) => context.wakeAt(timeMs),
    })
    const state = declareStates(context, this.#spec.state)
    const user = new ProcessContext(context, state, this.#timers)
    const compiled = compileProcess(this.#spec, { context, user, key: this.#key })
    this.process = compiled.process
    return this.#spec.open?.(openArguments(context))
  }

  /**
   * The watermark that comes again after a restore fires only what it had not: a timer that was set
   * for a time already past waits for the next one.
   */
  onWatermark(timeMs: number): boolean {
    if (timeMs <= this.#firedMs) return true
    const timers = this.#timers!
    const isDone = fireRun(this.#context!, (budget) => timers.fireEventTime(timeMs, budget))
    if (isDone) this.#firedMs = timeMs
    return isDone
  }

  snapshot(): number {
    return this.#firedMs
  }

  restore(parts: readonly unknown[]): void {
    this.#firedMs = Math.min(...(parts as readonly number[]))
  }

  /** What is left over is asked for again by `wakeAt`, at a time that has come. */
  onProcessingTime(nowMs: number): void {
    this.#timers!.fireProcessingTime(nowMs, FIRED_A_RUN)
  }

  restored(): void {
    this.#timers!.restored()
  }

  close(): void | Promise<void> {
    return this.#spec.close?.()
  }
}

function compileProcess(
  spec: ProcessSpec,
  parts: { context: OperatorContext; user: ProcessContext; key: KeySelector | undefined },
): CompiledProcess {
  const { keyed, output, operatorId } = parts.context
  const key = keyExpression(parts.key)
  return compile<CompiledProcess>({
    name: `${operatorId}-process`,
    code: `const emit = (record) => { output.emit(record, ctx.time) }
return {
  process(record, timeMs) {
    keyed.setKey(${key.code})
    ctx.time = timeMs
    spec.process(record, ctx, emit)
  },
  onTimer(timeMs) {
    ${spec.onTimer === undefined ? '' : 'spec.onTimer(timeMs, ctx, emit)'}
  },
}`,
    bindings: { ...key.bindings, keyed, output, spec, ctx: parts.user },
  })
}
