/**
 * Who must copy. A record belongs to who receives it, so a copy is made where somebody else may
 * still hold it: a further branch, or a function that may go on with what it emitted. Operators
 * that only look at a record hand it on as they got it, shared or not.
 */
import type { ChainChild, ChainNode } from './chain-node.ts'

/** Kinds whose functions may go on with what they emitted: it may be state, or emitted again. */
const KEEPS_EMITTED: ReadonlySet<string> = new Set([
  'flatMap',
  'process',
  'keyed-process',
  'window-process',
])
/** Kinds that emit the very record they were given, and neither keep nor change it. */
const HANDS_ON: ReadonlySet<string> = new Set(['watermarks', 'schema'])

/** The nodes whose emitted records somebody else may hold. */
export function sharedEmitters(head: ChainNode): ReadonlySet<ChainNode> {
  const found = new Set<ChainNode>()
  const visit = (node: ChainNode, isGivenShared: boolean) => {
    const { kind } = node.spec
    const isShared = KEEPS_EMITTED.has(kind) || (HANDS_ON.has(kind) && isGivenShared)
    if (isShared) found.add(node)
    for (const child of node.children) {
      visit(child.node, takesUncopied(child.node) && (isShared || !isLastBranch(node, child)))
    }
  }
  visit(head, false)
  return found
}

/** Neither keeps nor changes a record: it is never given a copy. */
export function takesUncopied({ spec }: ChainNode): boolean {
  if (HANDS_ON.has(spec.kind) || spec.kind === 'collect') return true
  return spec.kind === 'sink' && spec.sink.encodesAtOnce === true
}

/** True for the last of the children that read the same output. */
export function isLastBranch(node: ChainNode, child: ChainChild): boolean {
  return node.children.findLast((other) => other.sideOutput === child.sideOutput) === child
}
