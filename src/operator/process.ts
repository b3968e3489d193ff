/**
 * A user's process function without keys: emits any number of records, also to side outputs.
 * Threads: the task.
 */
import { compile, notOpen } from './compile.ts'
import type { Operator, OperatorContext } from './contract.ts'
import { declareStates, openArguments, ProcessContext } from './process-context.ts'
import type { ProcessSpec } from './spec.ts'

export class ProcessOperator implements Operator {
  process: (record: unknown, timeMs: number) => void = notOpen
  readonly #spec: ProcessSpec

  constructor(spec: ProcessSpec) {
    this.#spec = spec
  }

  open(context: OperatorContext): void | Promise<void> {
    const ctx = new ProcessContext(context, declareStates(context, this.#spec.state))
    this.process = compile({
      name: `${context.operatorId}-process`,
      code: `const emit = (record) => { output.emit(record, ctx.time) }
return (record, timeMs) => {
  ctx.time = timeMs
  spec.process(record, ctx, emit)
}`,
      bindings: { output: context.output, spec: this.#spec, ctx },
    })
    return this.#spec.open?.(openArguments(context))
  }

  close(): void | Promise<void> {
    return this.#spec.close?.()
  }
}
