/**
 * A job as its module exports it: a name, the function that builds its graph, and how its
 * arguments are checked. Plain data and one closure; nothing runs when a job is defined.
 * Threads: any; the module is loaded in the main thread and in every worker.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { SluiceError } from '../base/errors.ts'
import type { Env } from './streams.ts'

/** What `defineJob` gives: the default export of a job module. `Args` is what `build` receives. */
export interface Job<Args = unknown> {
  readonly name: string
  /** Checks the arguments, where the job declares a schema. */
  readonly argsSchema: StandardSchemaV1<unknown, Args> | undefined
  build(env: Env, args: Args): void
}

/** Options of a job. */
export interface JobDefinition<S extends StandardSchemaV1> {
  /** Any Standard Schema (zod, valibot, arktype, ...); the job's arguments are checked by it. */
  readonly args: S
}

/**
 * Defines a job. Its module exports the result as default, and every worker loads that module and
 * builds the same graph: `build` must be synchronous and must not depend on the clock, on
 * randomness or on the environment.
 *
 * `args` are the user's own options: by type alone (whatever is given is handed on; the command
 * line gives strings), or by a Standard Schema that checks and converts them.
 *
 * Throws `BAD_JOB` for an empty name or a `build` that is no function. While the job is built:
 * `JOB_BUILD_FAILED` with the thrown error as its cause, `BUILD_NOT_SYNCHRONOUS`,
 * `JOB_WITHOUT_SINK`, `BAD_ARGUMENT`.
 *
 * @example
 * export default defineJob('words', (env, args: { input: string }) => {
 *   env.from(text(args.input)).flatMap((line) => line.split(' ')).to(print())
 * })
 */
export function defineJob<Args = Readonly<Record<string, string>>>(
  name: string,
  build: (env: Env, args: Args) => void,
): Job<Args>
export function defineJob<S extends StandardSchemaV1>(
  name: string,
  definition: JobDefinition<S>,
  build: (env: Env, args: StandardSchemaV1.InferOutput<S>) => void,
): Job<StandardSchemaV1.InferOutput<S>>
export function defineJob(
  name: string,
  second: JobDefinition<StandardSchemaV1> | ((env: Env, args: never) => void),
  third?: (env: Env, args: never) => void,
): Job<never> {
  const build = typeof second === 'function' ? second : third
  const argsSchema = typeof second === 'function' ? undefined : second?.args
  checkJob(name, build, argsSchema)
  return Object.freeze({ name, argsSchema: argsSchema as never, build }) as Job<never>
}

/** True for what `defineJob` gave, by its form: a bundle may hold its own copy of sluice. */
export function isJob(value: unknown): value is Job {
  if (typeof value !== 'object' || value === null) return false
  const job = value as Partial<Job>
  return typeof job.name === 'string' && typeof job.build === 'function' && 'argsSchema' in job
}

function checkJob(name: unknown, build: unknown, schema: unknown): asserts build is () => void {
  const hint = "write defineJob('name', (env, args) => { ... })"
  if (typeof name !== 'string' || name.trim() === '') {
    const got = typeof name === 'string' ? `'${name}'` : typeof name
    throw new SluiceError('BAD_JOB', `a job needs a name, and got ${got}`, { hint })
  }
  if (typeof build !== 'function') {
    const message = `job '${name}' has no build function: it got ${typeof build}`
    throw new SluiceError('BAD_JOB', message, { hint })
  }
  if (schema !== undefined && !isStandardSchema(schema)) {
    throw new SluiceError('BAD_JOB', `job '${name}': 'args' is not a Standard Schema`, {
      hint: "pass a schema object such as zod's z.object({ ... }), or leave it out",
    })
  }
}

function isStandardSchema(value: unknown): boolean {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false
  return '~standard' in (value as object)
}
