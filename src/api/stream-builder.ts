/**
 * The streams behind the public interfaces. Each is a view of an origin (a node's output and how it
 * is dealt out) and adds nodes to the builder; modifiers change the node that was just made.
 * Threads: whoever builds the job: the main thread, and every worker.
 */
import { SluiceError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { parseDuration } from '../base/units.ts'
import type { Partition } from '../graph/stream-graph.ts'
import type { Sink } from '../operator/sink.ts'
import type { Source } from '../operator/source.ts'
import type { OperatorSpec, WatermarkSpec, WindowSpec } from '../operator/spec.ts'
import { aggregatesOf } from './aggregate-specs.ts'
import * as checks from './checks.ts'
import type { GraphBuilder, NodeDraft, Origin } from './graph-builder.ts'
import { forward } from './graph-builder.ts'
import type { SideOutput } from './output.ts'
import { processOf } from './process-spec.ts'
import { refuse } from './refuse.ts'
import { schemaNodeOf } from './schemas.ts'
import { hasSideOutput } from './side-outputs.ts'
import { PRINT_KIND } from './sinks.ts'
import type {
  Env,
  KeyedStream,
  SinkHandle,
  Stream,
  WatermarkStrategy,
  WindowedStream,
} from './streams.ts'
import type { WindowAssigner } from './windows.ts'

/** The `env` of one run of a build function. */
export function createEnv(builder: GraphBuilder): Env {
  return Object.freeze({
    from<T>(source: Source<T>): Stream<T> {
      const spec = { kind: 'source', source: sourceOf(source) } as const
      const node = builder.add(spec, source.name, [])
      return new StreamView<T>(builder, origin(node), node)
    },
  })
}

class NodeModifiers {
  protected readonly builder: GraphBuilder
  /** The node that modifiers change; undefined where a view made none. */
  readonly #node: NodeDraft | undefined

  constructor(builder: GraphBuilder, node: NodeDraft | undefined) {
    this.builder = builder
    this.#node = node
  }

  name(name: string): this {
    this.#made('name').name = checks.nameOf(name, 'name')
    return this
  }

  uid(uid: string): this {
    this.builder.setUid(this.#made('uid'), checks.nameOf(uid, 'uid'))
    return this
  }

  parallelism(subtasks: number): this {
    const node = this.#made('parallelism')
    const place = `the parallelism of '${node.name}'`
    node.parallelism = checks.parallelismOf(subtasks, limits.parallelismMax, place)
    return this
  }

  maxParallelism(subtasks: number): this {
    const node = this.#made('maxParallelism')
    const place = `the maximum parallelism of '${node.name}'`
    node.maxParallelism = checks.parallelismOf(subtasks, limits.maxParallelismMax, place)
    return this
  }

  slotSharingGroup(group: string): this {
    this.#made('slotSharingGroup').slotSharingGroup = checks.nameOf(group, 'slotSharingGroup')
    return this
  }

  chain(chaining: 'start' | 'never'): this {
    this.#made('chain').chaining = checks.wordOf(chaining, ['start', 'never'], 'chain')
    return this
  }

  #made(modifier: string): NodeDraft {
    this.builder.checkOpen()
    if (this.#node !== undefined) return this.#node
    throw new SluiceError('NOTHING_TO_MODIFY', `.${modifier}() stands behind no operator`, {
      hint: 'modifiers belong to the operator just made: put them behind map, process, ...',
    })
  }
}

class SinkView extends NodeModifiers implements SinkHandle {}

class StreamView<T> extends NodeModifiers implements Stream<T> {
  readonly origin: Origin

  constructor(builder: GraphBuilder, from: Origin, made: NodeDraft | undefined) {
    super(builder, made)
    this.origin = from
  }

  map<O>(fn: (record: T) => O): Stream<O> {
    return this.#then({ kind: 'map', fn: checks.functionOf(fn, 'map') })
  }

  filter<O extends T>(fn: (record: T) => boolean): Stream<O> {
    return this.#then({ kind: 'filter', fn: checks.functionOf(fn, 'filter') })
  }

  flatMap<O>(fn: (record: T) => Iterable<O>): Stream<O> {
    return this.#then({ kind: 'flatMap', fn: checks.functionOf(fn, 'flatMap') })
  }

  pick<F extends keyof T & string>(...fields: readonly F[]): Stream<Pick<T, F>> {
    if (fields.length === 0) checks.nameOf(undefined, 'pick')
    const names = fields.map((field) => checks.nameOf(field, 'pick'))
    return this.#then({ kind: 'pick', fields: Object.freeze([...new Set(names)]) })
  }

  schema(declared: unknown): Stream<T> {
    return this.#then({ kind: 'schema', node: schemaNodeOf(declared) })
  }

  watermarks(strategy: WatermarkStrategy<unknown>): Stream<T> {
    return this.#then({ kind: 'watermarks', watermarks: watermarksOf(strategy) })
  }

  keyBy<K>(key: unknown): KeyedStream<T, K> {
    const partition = hash(key)
    return new KeyedView<T, K>(this.builder, { ...this.origin, partition })
  }

  union<U>(...others: readonly Stream<U>[]): Stream<T | U> {
    const origins = [this, ...others].map((stream) => this.#originOf(stream))
    const node = this.builder.add({ kind: 'union' }, 'union', origins)
    return new StreamView<T | U>(this.builder, origin(node), undefined)
  }

  process<O>(fn: unknown): Stream<O> {
    const given = typeof fn === 'function' ? { process: fn } : fn
    return this.#then({ kind: 'process', process: processOf(given, 'process') })
  }

  rebalance(): Stream<T> {
    return this.#dealt({ kind: 'rebalance' })
  }

  rescale(): Stream<T> {
    return this.#dealt({ kind: 'rescale' })
  }

  broadcast(): Stream<T> {
    return this.#dealt({ kind: 'broadcast' })
  }

  global(): Stream<T> {
    return this.#dealt({ kind: 'global' })
  }

  partitionCustom(key: unknown, choose: unknown): Stream<T> {
    return this.#dealt({
      kind: 'custom',
      choose: checks.functionOf(choose, 'partitionCustom'),
      key: checks.selectorOf(key, 'partitionCustom'),
    })
  }

  sideOutput<U>(output: SideOutput<U>): Stream<U> {
    const { node } = this.origin
    const tag = checks.nameOf(output?.name, 'sideOutput')
    if (!hasSideOutput(node.spec, tag)) {
      throw new SluiceError('UNDECLARED_OUTPUT', `'${node.name}' has no side output '${tag}'`, {
        operator: node.name,
        hint: 'read it directly behind the process function, window or source that fills it',
      })
    }
    const from = { node, partition: forward, sideOutput: tag }
    return new StreamView<U>(this.builder, from, undefined)
  }

  to(sink: Sink<T>): SinkHandle {
    const spec = sinkSpec(sink)
    return new SinkView(this.builder, this.builder.add(spec, sink.name, [this.origin]))
  }

  collect(name: string): SinkHandle {
    const target = checks.nameOf(name, 'collect')
    const spec = { kind: 'collect', target, print: false } as const
    const node = this.builder.add(spec, `collect ${target}`, [this.origin])
    return new SinkView(this.builder, node)
  }

  #then<O>(spec: OperatorSpec): Stream<O> {
    return derive(this.builder, this.origin, spec)
  }

  #dealt(partition: Partition): Stream<T> {
    this.builder.checkOpen()
    const from = { ...this.origin, partition: Object.freeze(partition) }
    return new StreamView<T>(this.builder, from, undefined)
  }

  #originOf(stream: unknown): Origin {
    if (!(stream instanceof StreamView)) {
      throw new SluiceError('NOT_A_STREAM', `union got ${checks.describe(stream)}`, {
        hint: 'pass streams of this job that are not keyed: keyBy comes behind union',
      })
    }
    if (stream.builder !== this.builder) {
      const name = stream.origin.node.name
      throw new SluiceError('STREAM_OF_ANOTHER_JOB', `'${name}' belongs to another job`, {
        hint: 'make every stream from the env of the build function it is used in',
      })
    }
    return stream.origin
  }
}

class KeyedView<T, K> implements KeyedStream<T, K> {
  readonly #builder: GraphBuilder
  readonly #origin: Origin

  constructor(builder: GraphBuilder, from: Origin) {
    this.#builder = builder
    this.#origin = from
  }

  process<O>(fn: unknown): Stream<O> {
    const process = processOf(fn, 'keyed process')
    return this.#then({ kind: 'keyed-process', process })
  }

  reduce(fn: (result: T, record: T) => T): Stream<T> {
    return this.#then({ kind: 'reduce', fn: checks.functionOf(fn, 'reduce') })
  }

  aggregate<O>(given: unknown): Stream<O> {
    return this.#then({ kind: 'aggregate', aggregates: aggregatesOf(given, ['key']) })
  }

  window(assigner: WindowAssigner): WindowedStream<T, K> {
    return new WindowedView<T, K>(this.#builder, this.#origin, windowOf(assigner))
  }

  #then<O>(spec: OperatorSpec): Stream<O> {
    return derive(this.#builder, this.#origin, spec)
  }
}

class WindowedView<T, K> implements WindowedStream<T, K> {
  readonly #builder: GraphBuilder
  readonly #origin: Origin
  readonly #window: WindowSpec

  constructor(builder: GraphBuilder, from: Origin, window: WindowSpec) {
    this.#builder = builder
    this.#origin = from
    this.#window = Object.freeze(window)
  }

  allowedLateness(lateness: Parameters<WindowedStream<T, K>['allowedLateness']>[0]) {
    return this.#with({ allowedLatenessMs: parseDuration(lateness, 'allowedLateness') })
  }

  lateTo(output: SideOutput<T>): WindowedStream<T, K> {
    return this.#with({ lateTo: checks.nameOf(output?.name, 'lateTo') })
  }

  aggregate<O>(given: unknown): Stream<O> {
    const aggregates = aggregatesOf(given, ['key', 'window'])
    return this.#then({ kind: 'window-aggregate', window: this.#window, aggregates })
  }

  process<O>(fn: unknown): Stream<O> {
    const checked = checks.functionOf(fn, 'window process')
    return this.#then({ kind: 'window-process', window: this.#window, fn: checked })
  }

  #with(change: Partial<WindowSpec>): WindowedStream<T, K> {
    return new WindowedView<T, K>(this.#builder, this.#origin, { ...this.#window, ...change })
  }

  #then<O>(spec: OperatorSpec): Stream<O> {
    return derive(this.#builder, this.#origin, spec)
  }
}

refuse(StreamView.prototype, {
  methods: ['window', 'reduce', 'aggregate'],
  code: 'KEY_BY_MISSING',
  hint: "put .keyBy('field') before it",
})
refuse(KeyedView.prototype, {
  methods: [
    ...[
      'map',
      'filter',
      'flatMap',
      'pick',
      'schema',
      'watermarks',
      'keyBy',
      'union',
      'rebalance',
      'to',
    ],
    ...['collect', 'sideOutput', 'name', 'uid', 'parallelism', 'maxParallelism', 'chain'],
  ],
  code: 'NOT_BEHIND_KEY_BY',
  hint: 'directly behind keyBy come process, reduce, aggregate or window; put the rest before it',
})
refuse(WindowedView.prototype, {
  methods: ['map', 'filter', 'reduce', 'to', 'collect', 'sideOutput', 'name', 'uid', 'parallelism'],
  code: 'WINDOW_WITHOUT_RESULT',
  hint: 'a window needs .aggregate({ ... }) or .process(...) first',
})

function derive<O>(builder: GraphBuilder, from: Origin, spec: OperatorSpec): Stream<O> {
  const node = builder.add(spec, nameOfKind(spec), [from])
  return new StreamView<O>(builder, origin(node), node)
}

function origin(node: NodeDraft): Origin {
  return { node, partition: forward, sideOutput: undefined }
}

function nameOfKind(spec: OperatorSpec): string {
  return spec.kind.replaceAll('-', ' ')
}

function hash(key: unknown): Partition {
  return Object.freeze({ kind: 'hash', key: checks.selectorOf(key, 'keyBy') })
}

function windowOf(assigner: WindowAssigner): WindowSpec {
  if (assigner?.kind === 'tumbling') return { ...assigner, allowedLatenessMs: 0 }
  throw new SluiceError('BAD_WINDOW', `window got ${checks.describe(assigner)}`, {
    hint: "write .window(tumbling('1 d'))",
  })
}

function watermarksOf(strategy: WatermarkStrategy<unknown>): WatermarkSpec {
  return Object.freeze({
    time: checks.selectorOf(strategy?.time, 'watermarks'),
    outOfOrderMs: parseDuration(strategy.outOfOrder ?? 0, 'outOfOrder'),
    ...(strategy.idle === undefined ? {} : { idleMs: parseDuration(strategy.idle, 'idle') }),
  })
}

function sourceOf<T>(source: Source<T>): Source<unknown> {
  if (typeof source?.enumerator === 'function' && typeof source.reader === 'function') return source
  throw new SluiceError('NOT_A_SOURCE', `env.from got ${checks.describe(source)}`, {
    hint: "pass a source, such as parquet('file.parquet') of 'sluice/file'",
  })
}

function sinkSpec<T>(sink: Sink<T>): OperatorSpec {
  if (typeof sink?.writer !== 'function') {
    throw new SluiceError('NOT_A_SINK', `to got ${checks.describe(sink)}`, {
      hint: "pass a sink, such as jsonLines('directory') of 'sluice/file', or print()",
    })
  }
  if (sink.kind !== PRINT_KIND) return { kind: 'sink', sink: sink as Sink<unknown> }
  return { kind: 'collect', target: String(sink.options.label), print: true }
}
