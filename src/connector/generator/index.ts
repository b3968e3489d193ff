/** Sources that make their records themselves: `sluice/generator`. */
export { collection } from './collection.ts'
