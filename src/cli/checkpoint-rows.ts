/** The checkpoints of a directory as rows, for people and for programs. */
import type { CheckpointMetadata } from '../checkpoint/metadata.ts'
import type { ListedCheckpoint } from '../checkpoint/retained-checkpoints.ts'
import type { BlobInfo } from '../storage/contract.ts'
import { type Column, tableText } from './text-table.ts'

export interface CheckpointRow {
  readonly id: number
  /** 'incomplete': under way, or given up by a process that is gone. */
  readonly status: 'completed' | 'incomplete' | 'unreadable'
  /** ISO 8601. */
  readonly completedAt?: string
  readonly durationMs?: number
  /** Of all its files. */
  readonly bytes: number
  readonly files: number
  readonly unaligned?: boolean
  /** Of records that were on their way; absent in an aligned one. */
  readonly inFlightBytes?: number
  /** The largest of its operators. */
  readonly parallelism?: number
  /** Why it cannot be read. */
  readonly error?: { readonly code: string; readonly message: string }
}

/** `blobs`: all that lie in the directory. */
export function rowOf(found: ListedCheckpoint, blobs: readonly BlobInfo[]): CheckpointRow {
  const own = blobs.filter(({ name }) => name.startsWith(`${found.name}/`))
  const size = { bytes: own.reduce((sum, { bytes }) => sum + bytes, 0), files: own.length }
  if (found.metadata === undefined) {
    const { code, message } = found.error
    if (code === 'BLOB_MISSING') return { id: found.id, status: 'incomplete', ...size }
    return { id: found.id, status: 'unreadable', ...size, error: { code, message } }
  }
  const { completedMs, triggeredMs, vertices } = found.metadata
  return {
    id: found.id,
    status: 'completed',
    completedAt: new Date(completedMs).toISOString(),
    durationMs: completedMs - triggeredMs,
    ...size,
    ...inFlightOf(found.metadata),
    parallelism: Math.max(...vertices.map((vertex) => vertex.parallelism)),
  }
}

function inFlightOf({ unaligned, vertices }: CheckpointMetadata) {
  if (unaligned !== true) return { unaligned: false }
  const channels = vertices.flatMap(({ tasks }) => tasks.flatMap(({ channels }) => channels))
  const inFlightBytes = channels.reduce((sum, { inFlightBytes = 0 }) => sum + inFlightBytes, 0)
  return { unaligned, inFlightBytes }
}

const columns: readonly Column<CheckpointRow>[] = [
  { title: 'id', align: 'right', text: ({ id }) => String(id) },
  { title: 'status', align: 'left', text: ({ status }) => status },
  { title: 'completed at', align: 'left', text: ({ completedAt }) => completedAt ?? '-' },
  { title: 'duration', align: 'right', text: ({ durationMs }) => millis(durationMs) },
  { title: 'bytes', align: 'right', text: ({ bytes }) => bytes.toLocaleString('en-US') },
  {
    title: 'in flight',
    align: 'right',
    text: ({ inFlightBytes }) => inFlightBytes?.toLocaleString('en-US') ?? '-',
  },
  { title: 'files', align: 'right', text: ({ files }) => String(files) },
  { title: 'parallelism', align: 'right', text: ({ parallelism }) => String(parallelism ?? '-') },
]

/** A table, and below it what is wrong with those that cannot be read. */
export function rowsText(rows: readonly CheckpointRow[]): string {
  const errors = rows.flatMap(({ id, error }) =>
    error === undefined ? [] : [`chk-${id}: ${error.code}: ${error.message}`],
  )
  return [tableText(columns, rows), ...errors].join('\n')
}

function millis(ms: number | undefined): string {
  return ms === undefined ? '-' : `${ms.toLocaleString('en-US')} ms`
}
