/**
 * Reads the in-flight data that a new subtask takes over of a checkpoint: for each of its channels,
 * what that brings before anything new.
 * Threads: the task.
 */

import { adaptPages } from '../barrier/adapt-pages.ts'
import type { ChannelName } from '../barrier/channel-state.ts'
import { channelOfSection, restorePages } from '../barrier/channel-state.ts'
import { dealPages, shareOf } from '../barrier/deal-pages.ts'
import { assert } from '../base/assert.ts'
import { SluiceError } from '../base/errors.ts'
import type { RestoredPage } from '../channel/channel-capture.ts'
import type { Codecs } from '../codec/codecs.ts'
import type { JobEdge, JobGraph, JobVertex } from '../graph/job-graph.ts'
import type { InFlightRestore, StateFile, TaskRestore } from '../protocol/snapshot.ts'
import type { StatePart } from '../state/snapshot-contract.ts'
import type { StateFileReader } from '../state/state-file-reader.ts'
import { openStateFile } from '../state/state-file-reader.ts'
import { createStore } from '../storage/create-store.ts'
import { schemaRead } from './declared-schema.ts'
import { sourceOf } from './restore-task.ts'

export interface ReadInFlightOptions {
  readonly restore: TaskRestore
  readonly graph: JobGraph
  readonly vertex: JobVertex
  readonly subtask: number
  /** Of the channels, in the order of the gate. */
  readonly producers: readonly ChannelName[]
  readonly codecs: Codecs
}

interface Section {
  readonly channel: ChannelName
  readonly parts: StatePart[]
}

const ALL = { from: 0, to: Number.POSITIVE_INFINITY }

/** By channel, in the order of the gate. */
export async function readInFlight(
  options: ReadInFlightOptions,
): Promise<readonly (readonly RestoredPage[])[]> {
  const { restore, graph, vertex, producers, codecs } = options
  const sections = new Sections(restore)
  const pages = producers.map((): RestoredPage[] => [])
  for (const one of restore.inFlight ?? []) {
    const edge = vertex.inputs.find(({ index }) => index === one.edge)
    assert(edge !== undefined, `no edge ${one.edge} into '${vertex.name}'`)
    const asDeclared = adaptation(edge, { graph, codecs })
    const found = (await sections.of(one)).map(({ channel, parts }) => ({
      producer: channel.producer,
      pages: asDeclared(restorePages(parts, { codecs, keepsMarks: one.keepsMarks })),
    }))
    if (one.how === 'own') {
      for (const { producer, pages: own } of found) {
        pages[indexOf(producers, { edge: one.edge, producer })]!.push(...own)
      }
    } else {
      // Which channel they come by says nothing any more: nothing new is read before them.
      const first = producers.findIndex((channel) => channel.edge === one.edge)
      const all = found.flatMap((channel) => channel.pages)
      pages[first]!.push(...dealPages(all, { codecs, isOwn: ownership(one, { edge, options }) }))
    }
  }
  return pages
}

type Adaptation = (pages: readonly RestoredPage[]) => readonly RestoredPage[]

/** Records may have been written when the schema of the exchange was another, or was none. */
function adaptation(
  edge: JobEdge,
  { graph, codecs }: Pick<ReadInFlightOptions, 'graph' | 'codecs'>,
): Adaptation {
  const declared = schemaRead(graph, edge)
  if (declared === undefined) return (pages) => pages
  const refuse = (why: string) => unlikeDeclared(why, { graph, edge })
  return (pages) => adaptPages(pages, { codecs, declared, refuse })
}

interface Refused {
  readonly graph: JobGraph
  readonly edge: JobEdge
}

function unlikeDeclared(why: string, refused: Refused): SluiceError {
  return notRestored(refused, {
    says: (way) => `a record on its ${way} is not as it is declared now: ${why}`,
    hint:
      'declare new fields with t.optional, or restore with the schema that the checkpoint was ' +
      'taken with, take an aligned one (checkpoints.unaligned=false), and change it then',
  })
}

function ownership(
  { how }: InFlightRestore,
  { edge, options }: { readonly edge: JobEdge; readonly options: ReadInFlightOptions },
): (record: unknown) => boolean {
  if (how === 'all') return () => true
  const { subtask, graph } = options
  const { parallelism, maxParallelism } = options.vertex
  const refuse = (why: string) => otherEachTime(why, { graph, edge })
  return shareOf({ routing: edge.partition, subtask, parallelism, maxParallelism, refuse })
}

function otherEachTime(why: string, refused: Refused): SluiceError {
  return notRestored(refused, {
    says: (way) => `records on their ${way} cannot be dealt out again: ${why}`,
    hint:
      'name the same subtask for a key each time, or restore with the parallelism that the ' +
      'checkpoint was taken with',
  })
}

function notRestored(
  { graph, edge }: Refused,
  { says, hint }: { readonly says: (way: string) => string; readonly hint: string },
): SluiceError {
  const [from, to] = [graph.vertices[edge.from]!, graph.vertices[edge.to]!]
  const way = `way from '${from.name}' to '${to.name}'`
  return new SluiceError('RESTORE_IN_FLIGHT', says(way), { operator: to.root.node.name, hint })
}

function indexOf(producers: readonly ChannelName[], { edge, producer }: ChannelName): number {
  const at = producers.findIndex((one) => one.edge === edge && one.producer === producer)
  assert(at >= 0, 'in-flight data of a channel that the task has not')
  return at
}

/** Reads each file once, though it may hold in-flight data of several edges. */
class Sections {
  readonly #restore: TaskRestore
  readonly #read = new Map<StateFile, readonly Section[]>()

  constructor(restore: TaskRestore) {
    this.#restore = restore
  }

  async of({ files, edgeBefore }: InFlightRestore): Promise<readonly Section[]> {
    const sections: Section[] = []
    for (const file of files) {
      const known = this.#read.get(file) ?? (await this.#readAll(file))
      this.#read.set(file, known)
      sections.push(...known.filter(({ channel }) => channel.edge === edgeBefore))
    }
    return sections
  }

  async #readAll(file: StateFile): Promise<readonly Section[]> {
    const restore = this.#restore
    const source = sourceOf(file, { store: createStore(restore.store), restore })
    const reader: StateFileReader = await openStateFile(source)
    const sections = reader.sections.map(
      (section): Section => ({ channel: channelOfSection(section), parts: [] }),
    )
    for (const read of reader.reads(ALL)) {
      for (const part of await read.fetch()) sections[part.section]!.parts.push(part)
    }
    return sections
  }
}
