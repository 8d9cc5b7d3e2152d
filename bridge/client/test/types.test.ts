import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { check, project } from './tsc.ts'

const text = readFileSync(new URL('types.test-d.ts', import.meta.url), 'utf8').replaceAll(
  "'../src/",
  "'../../../bridge/client/src/",
)
const expectation = /^(\s*)\/\/ @ts-expect-error/

test('what must compile does, and what must not does not', { timeout: 120_000 }, () => {
  expect(check(project('types', { 'types.ts': text })).errors).toEqual([])
})

test('each expectation is an error of its own, on the line below it', { timeout: 120_000 }, () => {
  const lines = text.split('\n')
  const expected = lines.flatMap((line, at) => (expectation.test(line) ? [at + 2] : []))
  expect(expected.length).toBeGreaterThan(40)
  const bare = lines.map((line) => line.replace(expectation, '$1//')).join('\n')
  const { errors } = check(project('types-bare', { 'types.ts': bare }))
  expect([...new Set(errors.map((error) => error.line))]).toEqual(expected)
})

test('an expectation without its error is told', { timeout: 120_000 }, () => {
  const mistaken = text.replace("db.from('nothing')", "db.from('todos')")
  expect(mistaken).not.toBe(text)
  const { errors } = check(project('types-mistaken', { 'types.ts': mistaken }))
  expect(errors.map((error) => error.text)).toEqual([expect.stringContaining('TS2578')])
})
