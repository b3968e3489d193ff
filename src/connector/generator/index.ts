/** Sources that make their records themselves: `sluice/generator`. */
export { collection } from './collection.ts'
export type { GeneratorOptions } from './generator.ts'
export { generator } from './generator.ts'
