/**
 * What there is to read, found in the main thread before any worker starts, so that a missing
 * file is an error of the start and not of some thread.
 * Threads: main.
 */
import { withCode } from '../base/errors.ts'
import type { Source, Split } from '../operator/source.ts'
import type { SplitProgress } from '../protocol/snapshot.ts'
import type { PreparedJob } from './prepared-job.ts'
import { sourcesOf } from './prepared-job.ts'
import { recordsIn, SplitAssigner, unreadSplits } from './split-assigner.ts'

export interface JobSources {
  /** By the source's operator id. */
  readonly splits: ReadonlyMap<string, readonly Split[]>
  /** Records in all sources, where every one of them knows. */
  readonly recordsTotal: number | undefined
}

export async function discoverSources(prepared: PreparedJob): Promise<JobSources> {
  const splits = new Map<string, readonly Split[]>()
  for (const [vertex, source] of sourcesOf(prepared.jobGraph)) {
    const { name } = vertex.root.node
    splits.set(vertex.id, await naming(name, () => discover(source, vertex.parallelism)))
  }
  return { splits, recordsTotal: recordsIn([...splits.values()].flat()) }
}

/**
 * Who assigns the splits of each source task, by task index; the tasks of one source share it. A
 * source that a checkpoint knows goes on with what that one left to assign.
 */
export function splitAssigners(
  prepared: PreparedJob,
  { splits }: JobSources,
  restored: ReadonlyMap<string, readonly SplitProgress[]> = new Map(),
): ReadonlyMap<number, SplitAssigner> {
  const assigners = new Map<number, SplitAssigner>()
  for (const vertex of sourcesOf(prepared.jobGraph).keys()) {
    const waiting = restored.get(vertex.id) ?? unreadSplits(splits.get(vertex.id)!)
    const assigner = new SplitAssigner(waiting)
    for (const task of prepared.execution.vertices[vertex.index]!.tasks) {
      assigners.set(task, assigner)
    }
  }
  return assigners
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
