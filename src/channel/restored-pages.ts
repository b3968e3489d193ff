/**
 * The in-flight data of a checkpoint that a channel brings before its own pages, with positions
 * before theirs. Nothing new is read from any channel of a gate before all of them are through:
 * what had come first comes first, whichever channel it comes by now.
 * Threads: the consuming task.
 */

import type { Codecs } from '../codec/codecs.ts'
import type { CodedTexts } from '../codec/coded-texts.ts'
import type { PageReader, PageViews } from '../codec/page.ts'
import { pageViews } from '../codec/page.ts'
import type { RestoredPage } from './channel-capture.ts'

/** Restored pages of all channels of a gate. */
export interface RestoredLeft {
  count: number
}

export class RestoredPages {
  /** Oldest first; the open one is the first. */
  readonly list: RestoredPage[] = []
  readonly #codecs: Codecs
  /** Each text has a number of its own in the channel that it came by. */
  readonly #readers = new Map<CodedTexts, Map<string, PageReader>>()

  constructor(codecs: Codecs) {
    this.#codecs = codecs
  }

  /** The first is through. */
  shift(): void {
    this.list.shift()
    // Texts of a checkpoint must not stay for as long as the channel does.
    if (this.list.length === 0) this.#readers.clear()
  }

  viewsOfFirst(): PageViews {
    const { bytes } = this.list[0]!
    return pageViews(bytes.buffer as SharedArrayBuffer)
  }

  readerOf(texts: CodedTexts, shape: PageReader['shape'], withTime: boolean): PageReader {
    const known = this.#readers.get(texts) ?? new Map<string, PageReader>()
    this.#readers.set(texts, known)
    const id = `${shape.id} ${withTime}`
    const reader = known.get(id) ?? this.#codecs.reader(shape, withTime)
    reader.texts = texts
    known.set(id, reader)
    return reader
  }
}
