import type { RecordWriter } from '../../src/channel/record-writer.ts'
import type { Operator } from '../../src/operator/contract.ts'
import type { OperatorSpec } from '../../src/operator/spec.ts'
import type { ChainNode } from '../../src/task/chain-node.ts'

/** A writer that keeps what it is given. */
export class FakeWriter {
  readonly written: unknown[] = []
  write(record: unknown): void {
    this.written.push(record)
  }
  get recordsTaken(): number {
    return this.written.length
  }
  mark(kind: number, value: number): void {
    this.written.push(`mark ${kind} ${value}`)
  }
}

export interface Sketch {
  readonly name?: string
  readonly spec: OperatorSpec
  readonly operator?: Operator
  readonly sideOutput?: string
  readonly children?: readonly Sketch[]
  readonly exits?: readonly { readonly writer: FakeWriter; readonly sideOutput?: string }[]
}

/** A chain from a nested sketch, indexed head first. */
export function chainOf(sketch: Sketch): ChainNode {
  let next = 0
  const build = (one: Sketch): ChainNode => {
    const index = next++
    return {
      index,
      name: one.name ?? `${one.spec.kind} ${index}`,
      operatorId: `id-${index}`,
      spec: one.spec,
      key: undefined,
      operator: one.operator,
      children: (one.children ?? []).map((child) => ({
        sideOutput: child.sideOutput,
        node: build(child),
      })),
      exits: (one.exits ?? []).map((exit) => ({
        sideOutput: exit.sideOutput,
        writer: exit.writer as unknown as RecordWriter,
      })),
    }
  }
  return build(sketch)
}
