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

/** A copy of a page whose memory will be given back. */
export function copyOfPage(views: PageViews, offset: number): Uint8Array {
  const bytes = bytesOfPage(views, offset)
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length))
  copy.set(bytes)
  return copy
}

/** The page itself. */
export function bytesOfPage(views: PageViews, offset: number): Uint8Array {
  return views.u8.subarray(offset, offset + headerWord(views, offset, BYTES_WORD))
}
