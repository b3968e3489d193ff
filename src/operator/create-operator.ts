/**
 * The object behind each kind of operator that has one.
 * Threads: the task.
 */
import type { Operator } from './contract.ts'
import { KeyedProcessOperator } from './keyed-process.ts'
import { ProcessOperator } from './process.ts'
import type { KeySelector, OperatorSpec } from './spec.ts'

export interface CreateOperatorOptions {
  /** How the key of keyed state is found; needed by keyed kinds. */
  readonly key?: KeySelector | undefined
  /** `pipeline.auto-watermark-interval` in ms; 0: only at the ends of batches. */
  readonly autoWatermarkIntervalMs: number
}

/** Undefined for the kinds that the chain compiler inlines, and for sources and sinks. */
export function createOperator(
  spec: OperatorSpec,
  options: CreateOperatorOptions,
): Operator | undefined {
  switch (spec.kind) {
    case 'process':
      return new ProcessOperator(spec.process)
    case 'keyed-process':
      return new KeyedProcessOperator(spec.process, options.key)
    default:
      return undefined
  }
}
