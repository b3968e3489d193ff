/** Sources that make their records themselves, and the pace of any source: `sluice/generator`. */
export { collection } from './collection.ts'
export type { GeneratorOptions } from './generator.ts'
export { generator } from './generator.ts'
export type { RateLimitOptions } from './rate-limited.ts'
export { rateLimited } from './rate-limited.ts'
