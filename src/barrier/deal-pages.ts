/**
 * Which in-flight records are this subtask's where an edge joins other subtasks than it did: the
 * partitioning of the edge decides, as it would if they were written now.
 * Threads: the task.
 */
import type { RestoredPage } from '../channel/channel-capture.ts'
import { keyGroupHasher, ownersOfKeyGroups } from '../channel/key-routing.ts'
import type { Routing, RoutingKey } from '../channel/partitioner.ts'
import { checkedChoice } from '../channel/partitioner.ts'
import { RestoredPages } from '../channel/restored-pages.ts'
import type { Codecs } from '../codec/codecs.ts'
import { pageViews } from '../codec/page.ts'
import { hasTimes } from '../codec/page-layout.ts'
import { describeValue } from '../codec/schema-issues.ts'
import { PagePacker } from './page-packer.ts'

export interface Share {
  readonly routing: Routing
  readonly subtask: number
  readonly parallelism: number
  readonly maxParallelism: number
  /** What is thrown where nobody can say whose a record is; told why. */
  readonly refuse: (why: string) => Error
}

/** The records of the pages that are the subtask's, in their order, without marks. */
export function dealPages(
  pages: readonly RestoredPage[],
  { codecs, isOwn }: { readonly codecs: Codecs; readonly isOwn: (record: unknown) => boolean },
): readonly RestoredPage[] {
  const packer = new PagePacker(codecs)
  const readers = new RestoredPages(codecs)
  for (const { bytes, texts, cursor } of pages) {
    const views = pageViews(bytes.buffer)
    const reader = readers.readerOf(texts, codecs.shapeOf(views, 0), hasTimes(views, 0))
    reader.open(views, 0)
    for (let row = cursor; row < reader.count; row++) {
      const record = reader.record(row)
      if (isOwn(record)) packer.append(reader, record, reader.time(row))
    }
  }
  return packer.finish()
}

/** Asked for each record in the order in which all subtasks ask. */
export function shareOf(share: Share): (record: unknown) => boolean {
  const { routing, subtask, parallelism, maxParallelism } = share
  switch (routing.kind) {
    case 'hash': {
      const groupOf = keyGroupHasher(maxParallelism)
      const owners = ownersOfKeyGroups(maxParallelism, parallelism)
      const keyOf = keyFunction(routing.key)
      return (record: unknown) => owners[groupOf(keyOf(record))] === subtask
    }
    case 'custom': {
      const keyOf = keyFunction(routing.key)
      const choose = sameChoice(checkedChoice(routing.choose), share)
      return (record: unknown) => choose(keyOf(record)) === subtask
    }
    case 'global':
      return () => subtask === 0
    default: {
      let turn = 0
      return () => turn++ % parallelism === subtask
    }
  }
}

/** Of what is another each time some subtasks would take a record twice, and others lose it. */
function sameChoice(
  choose: (key: unknown, channels: number) => number,
  { parallelism, refuse }: Share,
): (key: unknown) => number {
  return (key) => {
    const chosen = choose(key, parallelism)
    const again = choose(key, parallelism)
    if (again === chosen) return chosen
    throw refuse(
      `of ${parallelism} subtasks partitionCustom names ${chosen} and then ${again} for the key ` +
        describeValue(key),
    )
  }
}

function keyFunction(key: RoutingKey): (record: unknown) => unknown {
  if ('fn' in key) return key.fn
  return (record) => (record as Record<string, unknown>)[key.field]
}
