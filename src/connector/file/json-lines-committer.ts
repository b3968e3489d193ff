/**
 * The file sink's committer: keeps strangers' output alone, makes parts visible when their
 * checkpoint is complete, and after a restore brings the directory back to where it was then.
 * Each step may be the last before a crash: what it leaves is what the next run begins with.
 * Threads: the main thread.
 */
import { isDeepStrictEqual } from 'node:util'
import { SluiceError } from '../../base/errors.ts'
import type {
  AbortContext,
  CommitContext,
  RecoverContext,
  SinkCommitter,
  StartContext,
} from '../../operator/sink.ts'
import { DirectoryFiles, type OutputFiles } from './output-files.ts'
import type { OutputMarker } from './output-marker.ts'
import { inherit, lineagesOf, readMarker, removeMarker, writeMarker } from './output-marker.ts'
import type { PartFile } from './part-files.ts'
import { checkpointOf, hiddenPrefix, isHiddenPart, isVisiblePart } from './part-files.ts'
import { PartPublisher } from './part-publisher.ts'

interface Found {
  readonly marker: OutputMarker | 'unreadable' | undefined
  readonly visible: readonly string[]
  readonly hidden: readonly string[]
}

export class JsonLinesCommitter implements SinkCommitter {
  readonly #files: OutputFiles
  readonly #publisher: PartPublisher

  constructor(directory: string, files: OutputFiles = new DirectoryFiles(directory)) {
    this.#files = files
    this.#publisher = new PartPublisher(files)
  }

  async start(context: StartContext): Promise<void> {
    await this.#files.makeWritable()
    const found = await this.#look()
    const decision = decideStart(context, found)
    if (decision === 'begin') return this.#begin(context, found)
    if (decision === 'replace') return this.#replace(context, found)
    if (decision !== 'go-on') throw this.#refused(decision, found)
  }

  async commit(committables: readonly unknown[], _context: CommitContext): Promise<void> {
    const parts = partsOf(committables)
    const options = { isOurs: false, mayMiss: false, withdrawn: new Set<string>() }
    await this.#publish(parts, await this.#publisher.examine(parts, options))
  }

  async recover(committables: readonly unknown[], context: RecoverContext): Promise<void> {
    const parts = partsOf(committables)
    const { marker, visible, hidden } = await this.#look()
    const own = inheritanceOf(marker, context)
    if (marker === undefined || own === undefined) throw this.#notMarked()
    const withdrawn = visible
      .filter((name) => checkpointOf(name) > own.checkpointId)
      .sort((a, b) => checkpointOf(b) - checkpointOf(a))
    const left = await this.#publisher.examine(parts, {
      isOurs: true,
      mayMiss: !own.isHere,
      withdrawn: new Set(withdrawn),
    })
    const lineages = [context.lineage, ...lineagesOf(marker as OutputMarker)]
    const needed = new Set(parts.map((part) => part.from))
    const leftovers = ofLineages(hidden, lineages).filter((name) => !needed.has(name))
    // Before the marker changes: it may be the last to name whose they are.
    await this.#remove(leftovers)
    // Before anything is withdrawn: from now on none can go on from what is about to go.
    if (!isDeepStrictEqual(own.marker, marker)) await writeMarker(this.#files, own.marker)
    await this.#remove(withdrawn)
    await this.#files.sync()
    await this.#publish(parts, left)
  }

  async abort({ lineage, keep }: AbortContext): Promise<void> {
    const { hidden } = await this.#look()
    const kept = new Set(partsOf(keep).map((part) => part.from))
    await this.#remove(ofLineages(hidden, [lineage]).filter((name) => !kept.has(name)))
  }

  async finish({ lineage, sinkId }: CommitContext): Promise<void> {
    const marker = await readMarker(this.#files)
    if (marker === undefined || marker === 'unreadable') return
    if (marker.lineage === lineage && marker.sinkId === sinkId) await removeMarker(this.#files)
  }

  /** A hidden name goes when the final one is durable, also where that was there before. */
  async #publish(parts: readonly PartFile[], left: readonly PartFile[]): Promise<void> {
    if (parts.length === 0) return
    await this.#publisher.publish(left)
    await this.#files.sync()
    await this.#remove(parts.map((part) => part.from))
  }

  async #look(): Promise<Found> {
    const names = await this.#files.list()
    return {
      marker: await readMarker(this.#files),
      visible: names.filter(isVisiblePart),
      hidden: names.filter(isHiddenPart),
    }
  }

  /** A place without output, where at most a job has been that came to nothing. */
  async #begin(context: StartContext, { marker, hidden }: Found): Promise<void> {
    if (marker !== undefined) {
      const lineages = [context.lineage, ...lineagesOf(marker as OutputMarker)]
      await this.#remove(ofLineages(hidden, lineages))
    }
    const own = markerOf(context)
    if (own !== undefined) await writeMarker(this.#files, own)
    else if (marker !== undefined) await removeMarker(this.#files)
  }

  /** The marker changes first: who was here before must not go on with what is left. */
  async #replace(context: StartContext, { marker, visible, hidden }: Found): Promise<void> {
    const own = markerOf(context)
    if (own !== undefined) await writeMarker(this.#files, own)
    else if (marker !== undefined) await removeMarker(this.#files)
    await this.#remove([...visible, ...hidden])
    await this.#files.sync()
  }

  async #remove(names: readonly string[]): Promise<void> {
    for (const name of names) await this.#files.unlink(name)
  }

  #refused(why: Refusal, { marker, visible }: Found): SluiceError {
    const { directory } = this.#files
    if (why === 'another-sink') {
      return new SluiceError('OUTPUT_OF_ANOTHER_JOB', `another sink writes into ${directory}`, {
        place: directory,
        hint:
          'give each sink a directory of its own; a sink without a uid counts as another one ' +
          'where what it reads has changed',
      })
    }
    if (why === 'another-job') {
      const message = `${directory} holds output of a job that may still go on`
      return new SluiceError('OUTPUT_OF_ANOTHER_JOB', message, {
        place: directory,
        hint: 'name another directory, or pass --overwrite to replace what is there',
      })
    }
    const files = visible.length === 1 ? 'a file' : `${visible.length} files`
    const what = `${directory} already has output (${files}, such as ${visible[0]})`
    const goOn = marker === undefined ? '' : 'restore a checkpoint of its job to go on with it, '
    return new SluiceError('OUTPUT_EXISTS', what, {
      place: directory,
      hint: `${goOn}pass --overwrite to replace it, or name another directory`,
    })
  }

  #notMarked(): SluiceError {
    const { directory } = this.#files
    const message = `${directory} no longer holds the output of this job`
    return new SluiceError('OUTPUT_LOST', message, {
      place: directory,
      hint: 'it was removed or taken over while the job ran: start the job again',
    })
  }
}

/** Each once: of checkpoints that were under way at the same time both may hold a part. */
function partsOf(committables: readonly unknown[]): readonly PartFile[] {
  const parts = committables as readonly PartFile[]
  return [...new Map(parts.map((part) => [part.from, part])).values()]
}

type Refusal = 'another-sink' | 'another-job' | 'output-exists'

/**
 * `go-on`: the rest is left to `recover`. `begin`: there is no output, and no marker but that of a
 * run of this job that had published nothing.
 */
function decideStart(
  context: StartContext,
  { marker, visible }: Found,
): Refusal | 'go-on' | 'begin' | 'replace' {
  if (marker !== undefined && marker !== 'unreadable') {
    const isSameSink = marker.sinkId === context.sinkId
    if (!isSameSink && marker.lineage === context.lineage) return 'another-sink'
    // Output that the restored checkpoint counts on is not replaced, whatever is allowed.
    if (inheritanceOf(marker, context) !== undefined) return 'go-on'
  }
  if (context.overwrite) return 'replace'
  if (marker === 'unreadable') return 'another-job'
  if (marker !== undefined && marker.sinkId !== context.sinkId) return 'another-job'
  if (visible.length === 0) return 'begin'
  return marker !== undefined && context.restored !== undefined ? 'another-job' : 'output-exists'
}

function inheritanceOf(
  marker: Found['marker'],
  { lineage, sinkId, restored }: Pick<StartContext, 'lineage' | 'sinkId' | 'restored'>,
): ReturnType<typeof inherit> {
  if (marker === undefined || marker === 'unreadable' || restored === undefined) return undefined
  return marker.sinkId === sinkId ? inherit(marker, restored, lineage) : undefined
}

/** Jobs that nobody can restore leave none. */
function markerOf({ lineage, sinkId, restored, checkpointing }: StartContext) {
  if (restored !== undefined) return { lineage, sinkId, ancestors: [], elsewhere: restored }
  return checkpointing ? { lineage, sinkId, ancestors: [] } : undefined
}

function ofLineages(hidden: readonly string[], lineages: readonly string[]): readonly string[] {
  const prefixes = lineages.map(hiddenPrefix)
  return hidden.filter((name) => prefixes.some((prefix) => name.startsWith(prefix)))
}
