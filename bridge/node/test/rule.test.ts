import { expect, test } from 'vitest'
import { ruleOf } from '../src/rule.ts'

const CHECK = 275
const UNIQUE = 2067

test.each([
  [UNIQUE, 'UNIQUE constraint failed: t.a, t.b', { table: 't', columns: ['a', 'b'] }],
  [UNIQUE, 'UNIQUE constraint failed: t.a.b', { table: 't', columns: ['a.b'] }],
  [UNIQUE, "UNIQUE constraint failed: index 'of\ntwo lines'", { constraint: 'of\ntwo lines' }],
  [CHECK, 'CHECK constraint failed: a > 0\n  AND b > 0', { constraint: 'a > 0\n  AND b > 0' }],
  [787, 'FOREIGN KEY constraint failed', {}],
])('%i %j', (code, message, rule) => {
  expect(ruleOf(code, message)).toEqual(rule)
})
