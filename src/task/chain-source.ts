/**
 * Writes the source of a chain's function: the user's functions called directly, one operator a
 * line, so that V8 inlines them and a stack trace's line names the operator.
 */
import type { ChainFlows } from './chain-flows.ts'
import type { ChainNode } from './chain-node.ts'
import { nodesOf, sideOutputsOf } from './chain-node.ts'
import { isLastBranch, sharedEmitters, takesUncopied } from './shared-records.ts'

export interface ChainSource {
  readonly code: string
  /** Index of the node whose code stands on each line of `code` (1-based), -1 for none. */
  readonly nodeOfLine: readonly number[]
}

/**
 * Names in the code: `f3` the user's function of node 3, `p3` its operator, `w3_0` its first
 * exit's writer, `v` values, `t` event time, `counts` records of the outputs that only
 * this code can count.
 */
export function chainSource(head: ChainNode, flows: ChainFlows): ChainSource {
  const lines = new Lines(sharedEmitters(head), flows)
  lines.add(-1, `'use strict'`)
  for (const node of nodesOf(head)) {
    lines.add(-1, declarations(node))
  }
  for (const node of nodesOf(head)) {
    if (emits(node)) writeEmitters(lines, node)
  }
  lines.add(-1, 'function head(v0, t) {')
  writeNode(lines, head, { value: 'v0', depth: 1 })
  lines.add(-1, '}')
  lines.add(-1, 'return {')
  lines.add(-1, '  head,')
  lines.add(-1, '  emitters: {')
  for (const node of nodesOf(head).filter(emits)) lines.add(-1, `    ${emitterEntry(node)},`)
  lines.add(-1, '  },')
  lines.add(-1, '}')
  return { code: lines.text(), nodeOfLine: lines.nodes() }
}

class Lines {
  /** See `sharedEmitters`. */
  readonly shared: ReadonlySet<ChainNode>
  readonly flows: ChainFlows
  readonly #text: string[] = []
  readonly #nodes: number[] = [-1]

  constructor(shared: ReadonlySet<ChainNode>, flows: ChainFlows) {
    this.shared = shared
    this.flows = flows
  }

  add(node: number, text: string): void {
    this.#text.push(text)
    this.#nodes.push(node)
  }

  text(): string {
    return this.#text.join('\n')
  }

  nodes(): readonly number[] {
    return this.#nodes
  }
}

interface Place {
  readonly value: string
  readonly depth: number
  /** The record goes to another branch too: nothing of it may be kept or changed. */
  readonly shared?: boolean
}

/** A line for every node, so that each has its name. */
function declarations(node: ChainNode): string {
  const n = node.index
  const parts = [
    ...(INLINED.has(node.spec.kind) ? [`f${n} = fns[${n}]`] : []),
    ...(node.operator === undefined ? [] : [`p${n} = operators[${n}]`]),
    ...node.exits.map((_, k) => `w${n}_${k} = exits[${n}][${k}]`),
  ]
  const declared = parts.length === 0 ? '' : `const ${parts.join(', ')} `
  return `${declared}// ${n}: ${node.spec.kind} ${quoted(node.name)}`
}

/** Kinds whose function is called by the chain itself. */
const INLINED: ReadonlySet<string> = new Set(['map', 'filter', 'flatMap'])

/**
 * A function for the main output and one a side output, for an operator that emits by itself. What
 * a source emits goes the way of all records, through `head`.
 */
function writeEmitters(lines: Lines, node: ChainNode): void {
  for (const [k, tag] of [undefined, ...sideOutputsOf(node)].entries()) {
    if (k === 0 && node.spec.kind === 'source') continue
    const from = quoted(node.name) + (tag === undefined ? '' : `, side output ${quoted(tag)}`)
    lines.add(-1, `function emit${node.index}_${k}(v, t) { // from ${from}`)
    deliver(lines, node, { tag, value: 'v', depth: 1 })
    lines.add(-1, '}')
  }
}

function emitterEntry(node: ChainNode): string {
  const sides = sideOutputsOf(node).map(
    (tag, k) => `[${JSON.stringify(tag)}, emit${node.index}_${k + 1}]`,
  )
  const main = node.spec.kind === 'source' ? 'head' : `emit${node.index}_0`
  return `${node.index}: { main: ${main}, sides: new Map([${sides.join(', ')}]) }`
}

/** For a comment, which U+2028 and U+2029 would end. */
function quoted(text: string): string {
  return JSON.stringify(text).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')
}

/** A source emits unreadable records to its side output by itself. */
function emits(node: ChainNode): boolean {
  return node.operator !== undefined || node.spec.kind === 'source'
}

/** The code that takes `place.value` into the node. */
function writeNode(lines: Lines, node: ChainNode, place: Place): void {
  const n = node.index
  const pad = '  '.repeat(place.depth)
  const result = `v${n + 1}`
  const name = ` // ${quoted(node.name)}`
  const inner = { tag: undefined, value: result, depth: place.depth }
  switch (node.spec.kind) {
    case 'map':
      lines.add(n, `${pad}const ${result} = f${n}(${place.value})${name}`)
      return deliver(lines, node, inner)
    case 'pick':
      lines.add(n, `${pad}const ${result} = ${pickLiteral(node.spec.fields, place)}${name}`)
      return deliver(lines, node, inner)
    case 'filter':
      lines.add(n, `${pad}if (f${n}(${place.value})) {${name}`)
      deliver(lines, node, { tag: undefined, value: place.value, depth: place.depth + 1 })
      return lines.add(n, `${pad}}${elseCounts(lines.flows.slotOf(node, undefined))}`)
    case 'flatMap':
      lines.add(n, `${pad}for (const ${result} of f${n}(${place.value})) {${name}`)
      deliver(lines, node, { ...inner, depth: place.depth + 1 })
      return lines.add(n, `${pad}}`)
    case 'source':
    case 'union':
    case 'schema':
    case 'collect':
      return deliver(lines, node, { tag: undefined, value: place.value, depth: place.depth })
    default:
      return lines.add(n, `${pad}p${n}.process(${place.value}, t)${name}`)
  }
}

/** Of a filter what it drops is counted: a record that goes on is not held up. */
function elseCounts(slot: number | undefined): string {
  return slot === undefined ? '' : ` else counts[${slot}]++`
}

interface Delivery extends Place {
  readonly tag: string | undefined
}

/**
 * Exits first, since they encode the record at once; then the chained operators. Every branch but
 * the last gets a copy, and the last one too where the emitter may still hold the record: a record
 * belongs to who receives it.
 */
function deliver(lines: Lines, node: ChainNode, delivery: Delivery): void {
  const pad = '  '.repeat(delivery.depth)
  const slot = lines.flows.slotOf(node, delivery.tag)
  if (slot !== undefined && node.spec.kind !== 'filter') lines.add(-1, `${pad}counts[${slot}]++`)
  node.exits.forEach((exit, k) => {
    if (exit.sideOutput !== delivery.tag) return
    lines.add(node.index, `${pad}w${node.index}_${k}.write(${delivery.value}, t)`)
  })
  for (const child of node.children) {
    if (child.sideOutput !== delivery.tag) continue
    const isHandedOver = isLastBranch(node, child) && !lines.shared.has(node)
    if (isHandedOver || takesUncopied(child.node)) {
      writeNode(lines, child.node, { value: delivery.value, depth: delivery.depth })
      continue
    }
    // A pick makes a new record anyway: only what its fields hold is copied.
    if (child.node.spec.kind === 'pick') {
      const { value, depth } = delivery
      writeNode(lines, child.node, { value, depth, shared: true })
      continue
    }
    const copy = `c${child.node.index}`
    lines.add(node.index, `${pad}const ${copy} = own(${delivery.value})`)
    writeNode(lines, child.node, { value: copy, depth: delivery.depth })
  }
}

function pickLiteral(fields: readonly string[], { value, shared }: Place): string {
  const parts = fields.map((field) => {
    const name = JSON.stringify(field)
    const taken = `${value}[${name}]`
    return `${name}: ${shared === true ? `own(${taken})` : taken}`
  })
  return `{ ${parts.join(', ')} }`
}
