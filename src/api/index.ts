/** What `sluice` offers to those who write jobs. */
export type { StandardSchemaV1 } from '@standard-schema/spec'
export { SluiceError } from '../base/errors.ts'
export type { Duration, Size } from '../base/units.ts'
export type { Infer, Schema } from '../codec/schema.ts'
export { schema, t } from '../codec/schema.ts'
export type { OperatorTimers as Timers } from '../operator/contract.ts'
export type {
  CommitContext,
  Sink,
  SinkCommitter,
  SinkWriter,
  StartContext,
  WriterContext,
} from '../operator/sink.ts'
export type {
  Batch,
  NextBatch,
  ReaderContext,
  Source,
  Split,
  SplitEnumerator,
  SplitReader,
  UnreadableRecord,
} from '../operator/source.ts'
export type { ListState, MapState, ValueState } from '../state/contract.ts'
export type {
  AggregateFor,
  AggregateResults,
  Aggregation,
  CustomAggregate,
  FieldAggregate,
  FunctionAggregate,
  NumberField,
} from './aggregate-types.ts'
export { count, first, last, max, mean, min, sum } from './aggregates.ts'
export type {
  Context,
  Emit,
  KeyedContext,
  KeyedProcessFunction,
  ProcessContext,
  ProcessFunction,
  SubtaskInfo,
} from './functions.ts'
export type { Job, JobDefinition } from './job.ts'
export { defineJob } from './job.ts'
export type { SideOutput } from './output.ts'
export { output } from './output.ts'
export type { AnySchema } from './schemas.ts'
export { blackhole, print } from './sinks.ts'
export type { ListSpecs, StateHandles, StateSpec, StateSpecs } from './state-specs.ts'
export { list, map, value } from './state-specs.ts'
export type {
  Env,
  EventTime,
  KeyedStream,
  SinkHandle,
  Stream,
  WatermarkStrategy,
  WindowedStream,
} from './streams.ts'
export type { TumblingOptions, Window, WindowAssigner } from './windows.ts'
export { tumbling } from './windows.ts'
