/**
 * What there is to read, found in the main thread before any worker starts, so that a missing
 * file is an error of the start and not of some thread.
 * Threads: main.
 */
import { withCode } from '../base/errors.ts'
import type { Source, Split } from '../operator/source.ts'
import type { PreparedJob } from './prepared-job.ts'
import { sourcesOf } from './prepared-job.ts'
import { recordsIn, SplitAssigner } from './split-assigner.ts'

export interface JobSources {
  /** By task index; the tasks of one source share an assigner. */
  readonly assigners: ReadonlyMap<number, SplitAssigner>
  /** Records in all sources, where every one of them knows. */
  readonly recordsTotal: number | undefined
}

export async function discoverSources(prepared: PreparedJob): Promise<JobSources> {
  const assigners = new Map<number, SplitAssigner>()
  let recordsTotal: number | undefined = 0
  for (const [vertex, source] of sourcesOf(prepared.jobGraph)) {
    const splits = await naming(vertex.root.node.name, () => discover(source, vertex.parallelism))
    const assigner = new SplitAssigner(splits)
    for (const task of prepared.execution.vertices[vertex.index]!.tasks) {
      assigners.set(task, assigner)
    }
    const records = recordsIn(splits)
    recordsTotal =
      recordsTotal === undefined || records === undefined ? undefined : recordsTotal + records
  }
  return { assigners, recordsTotal }
}

async function discover(source: Source<unknown>, parallelism: number): Promise<readonly Split[]> {
  const enumerator = source.enumerator({ parallelism })
  try {
    return await enumerator.discover()
  } finally {
    await enumerator.close?.()
  }
}

/** An error without a code gets one, and the source's name. */
async function naming<T>(operator: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    const what = `the source '${operator}' could not find its input`
    throw withCode(error, { code: 'OPERATOR_FAILED', what, operator })
  }
}
