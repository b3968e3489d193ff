/** A channel against a plain queue: whatever both ends do, items come out once and in order. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { R_WORD, ringOf, W_WORD } from '../../src/channel/ring-layout.ts'
import { MARK_WATERMARK } from '../../src/codec/page.ts'
import type { Item } from './harness.ts'
import { barrierOf, gatePairs, take } from './harness.ts'

type Step =
  | { readonly do: 'write'; readonly field: string; readonly chars: number; readonly wide: boolean }
  | { readonly do: 'mark' | 'publish' | 'flush' | 'end' | 'barrier' }
  | { readonly do: 'take'; readonly items: number }
  | { readonly do: 'recheck' }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      field: fc.constantFrom('a', 'a', 'a', 'b', 'c'),
      chars: fc.oneof(
        { weight: 8, arbitrary: fc.nat(20) },
        { weight: 1, arbitrary: fc.nat(3_000) },
      ),
      wide: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.constantFrom({ do: 'mark' }, { do: 'publish' }, { do: 'flush' }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('take' as const), items: fc.nat(12) }) },
  { weight: 1, arbitrary: fc.constantFrom({ do: 'recheck' as const }, { do: 'barrier' as const }) },
) as fc.Arbitrary<Step>

const scenario = fc.record({
  segments: fc.constantFrom(2, 4, 8),
  segmentBytes: fc.constantFrom(256, 264, 512, 4096),
  pagesBeforeWrap: fc.nat(30),
  steps: fc.array(step, { maxLength: 120 }),
})

test('what goes in comes out once and in order, in ring pages and extension pages', () => {
  fc.assert(
    fc.property(scenario, ({ segments, segmentBytes, pagesBeforeWrap, steps }) => {
      const size = ringOf(segments, segmentBytes)
      const { pairs, gate } = gatePairs(1, { size, firstSeq: 2 ** 31 - 1 - pagesBeforeWrap })
      const { output, input, credit, control, edge } = pairs[0]!
      const expected: (Item | string)[] = []
      const taken: (Item | string)[] = []
      const takeOne = () => {
        if (gate.nextWithBarrier() === undefined) return take(input)
        return `barrier ${input.takeBarrier().checkpointId}`
      }
      const act = (one: Step, n: number) => {
        switch (one.do) {
          case 'write': {
            const record = { n, [one.field]: (one.wide ? '漢' : 'x').repeat(one.chars) }
            output.write(record, n)
            return expected.push({ record, timeMs: n })
          }
          case 'mark':
            output.mark(MARK_WATERMARK, n)
            return expected.push([MARK_WATERMARK, n])
          case 'barrier':
            if (!output.canPlaceBarrier()) return
            output.barrier(barrierOf(n + 1))
            return expected.push(`barrier ${n + 1}`)
          case 'take':
            for (let k = 0; k < one.items; k++) {
              const item = takeOne()
              if (item !== undefined) taken.push(item)
            }
            return
          case 'recheck': {
            const unread = (control[W_WORD]! - control[R_WORD]!) | 0
            return expect(credit.recheck()).toBe(unread < size.creditSegments)
          }
          default:
            return output[one.do]()
        }
      }
      steps.forEach(act)
      output.end()
      for (let item = takeOne(); item !== undefined; item = takeOne()) taken.push(item)
      expect(taken.slice(0, -1)).toEqual(expected)
      expect(input.ended).toBe(true)
      output.refresh()
      expect(credit.overdraftBytes).toBe(0)
      expect(credit.recheck()).toBe(true)
      expect(edge.openPages).toBe(0)
      output.close()
    }),
    { numRuns: 300 },
  )
})
