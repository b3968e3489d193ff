import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')

test('the job in the README is an example that is type-checked and run', () => {
  const example = read('docs/examples/word-count.ts')
  expect(read('README.md')).toContain(example.slice(example.indexOf('import ')))
})

test.each([
  'README.md',
  'src/README.md',
  'docs/ARCHITECTURE.md',
  'docs/checkpoints.md',
  'docs/cli.md',
  'docs/errors.md',
  'docs/options.md',
  'docs/testing.md',
  'docs/embedding.md',
  'docs/testing-jobs.md',
])('every link of %s to a file leads somewhere', (path) => {
  const links = [...read(path).matchAll(/\]\(([^)#:]+)\)/g)].map((match) => match[1]!)
  for (const link of links) {
    const target = new URL(link, new URL(`../${path}`, import.meta.url))
    expect(() => readFileSync(target), link).not.toThrow(/ENOENT/)
  }
})
