/**
 * Reads vitest's JSON report: names what failed, with the first lines of why, and says last
 * `N passed, N failed`. A file that breaks is a failure, too.
 */
import { readFileSync } from 'node:fs'

const REASON_LINES = 6

function read(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    // No report: the tests did not get as far as writing one.
    return { numPassedTests: 0, testResults: [{ name: 'no report', status: 'failed' }] }
  }
}

function failuresOf({ name, status, message = '', assertionResults = [] }) {
  const failed = assertionResults.filter((test) => test.status === 'failed')
  if (status === 'failed' && assertionResults.length === 0) return [{ title: name, message }]
  return failed.map(({ fullName, failureMessages }) => ({
    title: `${name}: ${fullName}`,
    message: failureMessages.join('\n'),
  }))
}

const { numPassedTests, testResults } = read(process.argv[2])
const failures = testResults.flatMap(failuresOf)
for (const { title, message } of failures) {
  const reason = message.split('\n').slice(0, REASON_LINES).join('\n    ')
  process.stdout.write(`failed: ${title}\n    ${reason}\n`)
}
process.stdout.write(`${numPassedTests} passed, ${failures.length} failed\n`)
