/**
 * Proves that two threads built the same graph: a hash for each operator over what it is, what it
 * reads, its plain options and the source text of its functions. Variables that functions close
 * over are not seen.
 */
import { describeValue } from './describe-value.ts'
import { edgesWithoutUnions } from './inputs.ts'
import { operatorIds, shortHash } from './operator-ids.ts'
import type { StreamEdge, StreamGraph, StreamNode } from './stream-graph.ts'

export interface OperatorFingerprint {
  /** The operator's id. */
  readonly id: string
  readonly name: string
  readonly hash: string
}

/** Plain data. Two graphs are the same if their `hash` is. */
export interface Fingerprint {
  readonly operators: readonly OperatorFingerprint[]
  readonly hash: string
}

export function fingerprint(graph: StreamGraph): Fingerprint {
  const ids = operatorIds(graph)
  const edges = edgesWithoutUnions(graph)
  const operators = graph.nodes
    .filter((node) => node.spec.kind !== 'union')
    .map((node) => {
      const inputs = edges.filter((edge) => edge.to === node.index)
      const reads = inputs.map((edge) => ({ ...edge, from: ids[edge.from], to: undefined }))
      return { id: ids[node.index]!, name: node.name, hash: hashOf(node, reads) }
    })
  const hashes = operators.map((operator) => operator.hash)
  return { operators, hash: shortHash(JSON.stringify([graph.jobName, hashes])) }
}

/** The name of the first operator in which two fingerprints differ; undefined if none does. */
export function compareFingerprints(a: Fingerprint, b: Fingerprint): string | undefined {
  if (a.hash === b.hash) return undefined
  const count = Math.max(a.operators.length, b.operators.length)
  for (let i = 0; i < count; i++) {
    const left = a.operators[i]
    const right = b.operators[i]
    if (left?.id !== right?.id || left?.hash !== right?.hash) return (left ?? right)!.name
  }
  return 'the job itself'
}

type Reads = Omit<StreamEdge, 'from' | 'to'> & { readonly from: string | undefined }

function hashOf(node: StreamNode, reads: readonly Reads[]): string {
  const { index: _, spec, ...settings } = node
  return shortHash(describeValue({ settings, spec: plainSpec(spec), reads }))
}

/** Connectors are code of the artefact, equal by its hash: their options are what may differ. */
function plainSpec(spec: StreamNode['spec']): unknown {
  if (spec.kind === 'source') {
    const { kind, name, options, bounded, unreadableTo, onUnreadable } = spec.source
    return { source: { kind, name, options, bounded, unreadableTo, onUnreadable } }
  }
  if (spec.kind === 'sink') {
    const { kind, name, options } = spec.sink
    return { sink: { kind, name, options } }
  }
  return spec
}
