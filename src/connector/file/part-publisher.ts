/**
 * Makes finished part files visible, once: a hard link under the final name, the directory on
 * disk, then the hidden name goes. A link never overwrites and never shows half a file; whoever
 * does it again finds what is done already.
 * Threads: the main thread.
 */
import { join } from 'node:path'
import { SluiceError } from '../../base/errors.ts'
import type { OutputFile, OutputFiles } from './output-files.ts'
import type { PartFile } from './part-files.ts'

interface PartFacts {
  readonly bytes: number
  readonly hidden: OutputFile | undefined
  readonly visible: OutputFile | undefined
  /** The directory is marked as this job's: see `OutputMarker`. */
  readonly isOurs: boolean
}

type Verdict = 'publish' | 'published' | 'missing' | 'damaged' | 'other-file'

/**
 * Checkpoint ids never repeat in a lineage, and what an earlier attempt published under later ids
 * is withdrawn before new ids are used: so in a directory of ours a name belongs to one part only,
 * and the size has but to tell whether a stranger has changed the file.
 */
export function judgePart({ bytes, hidden, visible, isOurs }: PartFacts): Verdict {
  if (visible === undefined) {
    if (hidden === undefined) return 'missing'
    return hidden.bytes === bytes ? 'publish' : 'damaged'
  }
  if (hidden !== undefined && hidden.identity === visible.identity) return 'published'
  // Another file under the hidden name is one that somebody began since.
  if (hidden !== undefined && !isOurs) return 'other-file'
  return visible.bytes === bytes ? 'published' : 'other-file'
}

export interface PublishOptions {
  readonly isOurs: boolean
  /** Parts of which nothing is left are passed over: their output lies elsewhere. */
  readonly mayMiss: boolean
  /** Names that are about to be withdrawn. */
  readonly withdrawn: ReadonlySet<string>
}

export class PartPublisher {
  readonly #files: OutputFiles

  constructor(files: OutputFiles) {
    this.#files = files
  }

  /**
   * Those of the parts that are still to be published; changes nothing. Throws OUTPUT_LOST or
   * OUTPUT_EXISTS where one of them can no longer be.
   */
  async examine(parts: readonly PartFile[], options: PublishOptions): Promise<readonly PartFile[]> {
    const left: PartFile[] = []
    for (const part of parts) {
      const verdict = await this.#judge(part, options)
      if (verdict === 'publish') left.push(part)
      else if (verdict === 'missing' && !options.mayMiss) throw this.#lost(part, 'is gone')
      else if (verdict === 'damaged') throw this.#lost(part, 'was changed')
      else if (verdict === 'other-file') throw this.#otherFile(part)
    }
    return left
  }

  /** Gives the parts their final names, which are durable after the next `sync`. */
  async publish(parts: readonly PartFile[]): Promise<void> {
    for (const part of parts) {
      if (!(await this.#files.link(part.from, part.to))) throw this.#otherFile(part)
    }
  }

  async #judge({ from, to, bytes }: PartFile, options: PublishOptions): Promise<Verdict> {
    const { isOurs, withdrawn } = options
    const hidden = await this.#files.find(from)
    const visible = withdrawn.has(to) ? undefined : await this.#files.find(to)
    return judgePart({ bytes, hidden, visible, isOurs })
  }

  #lost(part: PartFile, what: string): SluiceError {
    const path = join(this.#files.directory, part.to)
    const message = `${path} cannot be made visible: ${part.from} ${what}`
    return new SluiceError('OUTPUT_LOST', message, {
      place: path,
      hint: 'put either file back, or let the job write into another directory',
    })
  }

  #otherFile(part: PartFile): SluiceError {
    const path = join(this.#files.directory, part.to)
    return new SluiceError('OUTPUT_EXISTS', `${path} is already there and is not this job's`, {
      place: path,
      hint: 'give each sink and each job a directory of its own',
    })
  }
}
