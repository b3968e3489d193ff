/**
 * What of a channel belongs to an unaligned checkpoint: the pages from the read cursor at its
 * snapshot up to its barrier, kept beyond their release. It is complete when the barrier is known.
 * Threads: the consuming task.
 */
import type { CodedTexts } from '../codec/coded-texts.ts'
import type { PageViews } from '../codec/page.ts'
import { BYTES_WORD, headerWord } from '../codec/page-layout.ts'

/** A page in memory that nobody writes to any more. */
export interface KeptPage {
  /** Exactly the page's, from a multiple of 8 on; shared memory. */
  readonly bytes: Uint8Array
  /** Those that its coded texts refer to. */
  readonly texts: CodedTexts
}

/** A page of a checkpoint, ahead of what its channel brings. */
export interface RestoredPage extends KeptPage {
  /** Its first record and its first mark that were not processed. */
  readonly cursor: number
  readonly marksTaken: number
}

export class ChannelCapture {
  readonly checkpointId: number
  readonly pages: KeptPage[] = []
  /** Of the first page: what was processed of it. */
  cursor = 0
  marksTaken = 0
  /** Of all its pages. */
  bytes = 0
  isComplete = false

  constructor(checkpointId: number) {
    this.checkpointId = checkpointId
  }

  startWithin({ cursor, marksTaken }: Pick<RestoredPage, 'cursor' | 'marksTaken'>): void {
    this.cursor = cursor
    this.marksTaken = marksTaken
  }

  add(page: KeptPage): void {
    this.pages.push(page)
    this.bytes += page.bytes.length
  }
}

/**
 * Pages that stay as they are: copies, in one piece of memory, of those that lie in `ring`, where
 * their place will be given back. Others have a buffer of their own, once and for all.
 */
export function keptPages(pages: readonly Uint8Array[], ring: PageViews): readonly Uint8Array[] {
  const isLent = (page: Uint8Array) => page.buffer === ring.u8.buffer
  const bytes = pages.reduce((sum, page) => sum + (isLent(page) ? page.length : 0), 0)
  const memory = new Uint8Array(new SharedArrayBuffer(bytes))
  let at = 0
  return pages.map((page) => {
    if (!isLent(page)) return page
    memory.set(page, at)
    at += page.length
    return memory.subarray(at - page.length, at)
  })
}

/** The page itself. */
export function bytesOfPage(views: PageViews, offset: number): Uint8Array {
  return views.u8.subarray(offset, offset + headerWord(views, offset, BYTES_WORD))
}
