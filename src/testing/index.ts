/** What `sluice/testing` offers to those who test their own jobs, sources and sinks. */
export type { Clock } from '../base/clock.ts'
export { ManualClock } from '../base/clock.ts'
export { SluiceError } from '../base/errors.ts'
export type {
  Bottleneck,
  ChainedOperatorMetrics,
  JobMetrics,
  SubtaskMetrics,
  SubtaskQueues,
  SubtaskRates,
} from '../coordinator/metrics-view.ts'
export type {
  InlineCheckpointOptions,
  InlineCrashOptions,
  InlineOptions,
  InlineResult,
} from './run-inline.ts'
export { runInline } from './run-inline.ts'
export type { SimulateOptions, SimulateResult } from './simulate.ts'
export { simulate, simulatedSink } from './simulate.ts'
export type { SinkConformanceOptions } from './sink-conformance.ts'
export { checkSink } from './sink-conformance.ts'
export type { SourceConformanceOptions } from './source-conformance.ts'
export { checkSource } from './source-conformance.ts'
export type {
  StreamHarnessOptions,
  StreamOperatorHarness,
  TimedOutput,
} from './stream-operator-harness.ts'
export { operatorHarness } from './stream-operator-harness.ts'
