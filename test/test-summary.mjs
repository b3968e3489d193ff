/** Reads vitest's JSON report and prints `N passed, N failed`; a file that breaks is a failure. */
import { readFileSync } from 'node:fs'

function count(path) {
  try {
    const report = JSON.parse(readFileSync(path, 'utf8'))
    const broken = report.testResults.filter(
      ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
    )
    return { passed: report.numPassedTests, failed: report.numFailedTests + broken.length }
  } catch {
    // No report: the tests did not get as far as writing one.
    return { passed: 0, failed: 1 }
  }
}

const { passed, failed } = count(process.argv[2])
process.stdout.write(`${passed} passed, ${failed} failed\n`)
