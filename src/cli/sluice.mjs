#!/usr/bin/env node
/**
 * The command `sluice`. In a clone it compiles first what has changed; as published it only loads.
 */
import { ensureBuilt } from './build.mjs'

try {
  ensureBuilt()
} catch (error) {
  process.stderr.write(`${error.message}\n`)
  process.exit(2)
}
const { main } = await import('../../dist/bundle/cli/main.js')
await main(process.argv.slice(2))
