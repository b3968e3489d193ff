/**
 * The code of a job's chains as text for people, without a thread: what `sluice info --chains`
 * prints. Where a loop depends on what the records turn out to be, it is shown as for objects.
 * Threads: main.
 */
import type { RecordWriter } from '../channel/record-writer.ts'
import type { JobGraph, JobVertex } from '../graph/job-graph.ts'
import { operatorsOf } from '../graph/job-graph.ts'
import type { JobOptions } from '../graph/options.ts'
import { resultOperators } from '../graph/result-operators.ts'
import { buildChain } from './build-chain.ts'
import { ChainFlows } from './chain-flows.ts'
import type { ChainNode } from './chain-node.ts'
import { chainSource } from './chain-source.ts'
import { batchBody, loopSource, pageBody } from './loop-source.ts'

export interface ChainListing {
  /** The vertex's id. */
  readonly id: string
  readonly name: string
  readonly operators: readonly string[]
  /** Exchanges that it reads: 0 for a source. */
  readonly inputs: number
  /** The function that takes a record through the chain. */
  readonly code: string
  /** The loop that calls it for the records of a page, or of a source's batch. */
  readonly loop: string
}

export function chainListings(graph: JobGraph, options: JobOptions): readonly ChainListing[] {
  return graph.vertices.map((vertex) => {
    const head = buildChain({ vertex, options, lineage: '', writers: writersOf(vertex) })
    return {
      id: vertex.id,
      name: vertex.name,
      operators: operatorsOf(vertex.root).map((tree) => tree.node.name),
      inputs: vertex.inputs.length,
      code: chainSource(head, new ChainFlows(head)).code,
      loop: loopSource({ head, ...loopOf(head) }),
    }
  })
}

/** One chain after the other, each under a line that names it. */
export function chainListingText(listings: readonly ChainListing[]): string {
  return listings
    .map(({ name, operators, inputs, code, loop }, index) => {
      const operatorCount = counted(operators.length, 'operator')
      const head = `chain ${index + 1}  ${name}: ${operatorCount}, ${counted(inputs, 'input')}`
      return `\n${head}\n\n${indented(code)}\n\n${indented(loop)}\n`
    })
    .join('')
}

/** The code names writers and never looks into them. */
function writersOf(vertex: JobVertex): readonly RecordWriter[] {
  const exits = vertex.outputs.length + resultOperators(vertex).length
  return Array.from({ length: exits }, () => ({}) as RecordWriter)
}

function loopOf(head: ChainNode): { readonly body: string; readonly ahead: boolean } {
  const { spec, operator, key } = head
  if (spec.kind === 'source') return { body: batchBody(spec.source.timed === true), ahead: false }
  const looksAhead = operator?.setsKeyFirst === true && key !== undefined && 'field' in key
  return { body: pageBody(head, true), ahead: looksAhead }
}

function indented(code: string): string {
  const lines = code.split('\n').filter((line) => line.trim() !== '')
  return lines.map((line) => `   ${line}`).join('\n')
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
