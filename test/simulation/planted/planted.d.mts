/** See planted.mjs. */
import type { Change } from '../bundle.mjs'

export declare const planted: readonly (Change & {
  readonly name: string
  readonly seed: number
})[]
