/**
 * Restored records as they are declared now. What the schema does not know is left out, and what
 * records of then do not have stays missing. Where no schema is declared, records are what they
 * were: the next ones may be others, as in any stream.
 * Threads: the task.
 */
import type { RestoredPage } from '../channel/channel-capture.ts'
import { RestoredPages } from '../channel/restored-pages.ts'
import type { Codecs } from '../codec/codecs.ts'
import type { PageReader, PageViews } from '../codec/page.ts'
import { pageViews } from '../codec/page.ts'
import { hasTimes, markCount, markIndex, markKind, markValue } from '../codec/page-layout.ts'
import type { Schema } from '../codec/schema.ts'
import { shapeOfSchema } from '../codec/schema.ts'
import type { SchemaNode } from '../codec/schema-issues.ts'
import { findIssues } from '../codec/schema-issues.ts'
import { PagePacker } from './page-packer.ts'

export interface Adapting {
  readonly codecs: Codecs
  readonly declared: Schema<unknown>
  /** What is thrown where a record cannot be what is declared; told why. */
  readonly refuse: (why: string) => Error
}

/** Pages of another shape are written anew, with the marks between their records. */
export function adaptPages(
  pages: readonly RestoredPage[],
  adapting: Adapting,
): readonly RestoredPage[] {
  const { codecs, declared } = adapting
  const shape = codecs.plain(shapeOfSchema(declared))
  const readers = new RestoredPages(codecs)
  return pages.flatMap((page) => {
    const views = pageViews(page.bytes.buffer)
    const stored = codecs.shapeOf(views, 0)
    if (codecs.plain(stored).id === shape.id) return [page]
    const reader = readers.readerOf(page.texts, stored, hasTimes(views, 0))
    reader.open(views, 0)
    const packer = new PagePacker(codecs)
    const like = { shape, withTime: reader.withTime }
    forEachLeft(
      page,
      { views, reader },
      {
        record: (row) =>
          packer.append(like, adapted(reader.record(row), adapting), reader.time(row)),
        mark: (kind, value) => packer.mark(like, kind, value),
      },
    )
    return packer.finish()
  })
}

interface Opened {
  readonly views: PageViews
  readonly reader: PageReader
}

interface Visitor {
  readonly record: (row: number) => void
  readonly mark: (kind: number, value: number) => void
}

/** Records and marks that were not processed, in their order. */
function forEachLeft(
  { cursor, marksTaken }: RestoredPage,
  { views, reader }: Opened,
  visitor: Visitor,
): void {
  let row = cursor
  const recordsTo = (end: number) => {
    for (; row < end; row++) visitor.record(row)
  }
  const marks = markCount(views, 0)
  for (let k = marksTaken; k < marks; k++) {
    recordsTo(markIndex(views, 0, k))
    visitor.mark(markKind(views, 0, k), markValue(views, 0, k))
  }
  recordsTo(reader.count)
}

function adapted(record: unknown, { declared, refuse }: Adapting): unknown {
  const known = knownOf(declared.node, record)
  const [issue] = findIssues(declared.node, known)
  if (issue !== undefined) throw refuse(issue.message)
  return known
}

/** The value without fields that are not declared. */
function knownOf(node: SchemaNode, value: unknown): unknown {
  const { fields, item } = node
  if (typeof value !== 'object' || value === null) return value
  if (item !== undefined && Array.isArray(value)) return value.map((one) => knownOf(item, one))
  if (fields === undefined || node.kind !== 'object') return value
  const given = value as Readonly<Record<string, unknown>>
  const names = Object.keys(fields).filter((name) => Object.hasOwn(given, name))
  return Object.fromEntries(names.map((name) => [name, knownOf(fields[name]!, given[name])]))
}
