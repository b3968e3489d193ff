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
  'docs/metrics.md',
  'docs/testing-jobs.md',
])('every link of %s to a file leads somewhere', (path) => {
  const links = [...read(path).matchAll(/\]\(([^)#:]+)\)/g)].map((match) => match[1]!)
  for (const link of links) {
    const target = new URL(link, new URL(`../${path}`, import.meta.url))
    expect(() => readFileSync(target), link).not.toThrow(/ENOENT/)
  }
})

test('every command that the README shows is there', () => {
  const text = read('README.md')
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  const files = [...text.matchAll(/npm test -- ([\w/.-]+)/g)].map((match) => match[1]!)
  expect(files.length).toBeGreaterThan(0)
  for (const file of files) expect(() => read(file), file).not.toThrow()
  const named = [...text.matchAll(/npm run ([\w:-]+)/g)].map((match) => match[1]!)
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(named))
})
