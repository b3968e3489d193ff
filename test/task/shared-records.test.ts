import { expect, test } from 'vitest'
import type { OperatorSpec } from '../../src/operator/spec.ts'
import { nodesOf } from '../../src/task/chain-node.ts'
import { sharedEmitters } from '../../src/task/shared-records.ts'
import { chainOf, type Sketch } from './fakes.ts'

type Kind = OperatorSpec['kind']
type Tree = readonly [kind: Kind, ...children: Tree[]]

const sketchOf = ([kind, ...children]: Tree): Sketch => ({
  spec: { kind } as unknown as OperatorSpec,
  children: children.map(sketchOf),
})

test.each<[string, Tree, readonly number[]]>([
  ['a plain chain shares nothing', ['source', ['map', ['watermarks', ['map']]]], []],
  ['a process function may hold what it emits', ['source', ['process', ['map', ['map']]]], [1]],
  [
    'watermarks hand on what is shared, and a map ends it',
    ['process', ['watermarks', ['map', ['watermarks']]]],
    [0, 1],
  ],
  [
    'all branches but the last are shared until somebody copies',
    ['source', ['watermarks', ['map']], ['watermarks', ['map']]],
    [1],
  ],
  ['a schema hands on too', ['keyed-process', ['schema', ['watermarks']]], [0, 1, 2]],
])('%s', (_, tree, shared) => {
  const head = chainOf(sketchOf(tree))
  const found = sharedEmitters(head)
  const indexes = nodesOf(head).filter((node) => found.has(node))
  expect(indexes.map((node) => node.index)).toEqual(shared)
})
