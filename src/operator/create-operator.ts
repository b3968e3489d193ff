/**
 * The object behind each kind of operator that has one.
 * Threads: the task.
 */
import { AggregateOperator } from './aggregate.ts'
import type { Operator } from './contract.ts'
import { KeyedProcessOperator } from './keyed-process.ts'
import { ProcessOperator } from './process.ts'
import { ReduceOperator } from './reduce.ts'
import type { KeySelector, OperatorSpec } from './spec.ts'
import { WatermarksOperator } from './watermarks.ts'
import { windowAggregate } from './window-aggregate.ts'
import { windowProcess } from './window-process.ts'

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
    case 'reduce':
      return new ReduceOperator(spec.fn, options.key)
    case 'aggregate':
      return new AggregateOperator(spec.aggregates, options.key)
    case 'window-aggregate':
      return windowAggregate(spec.window, spec.aggregates, options.key)
    case 'window-process':
      return windowProcess(spec.window, spec.fn, options.key)
    case 'watermarks':
      return new WatermarksOperator(spec.watermarks, options.autoWatermarkIntervalMs)
    default:
      return undefined
  }
}
