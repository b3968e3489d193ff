/** What it takes to run the generator by itself. */
export { configOf } from './config.ts'
export { NexmarkGenerator } from './generator.ts'
