import { expect, test } from 'vitest'
import { RULES } from '../src/conflicts.ts'
import { Kind, Rule, Status } from '../src/gen/mutation.ts'
import { ConnState, TxState } from '../src/gen/wire.ts'
import { SOCKETS } from '../src/health.ts'
import { OPS, STATES } from '../src/outbox.ts'
import { STRATEGIES, TYPES } from '../src/schema.ts'
import { Strategy, Type } from '../src/gen/schema.ts'
import { STATUSES } from '../src/outcomes.ts'

/** RuleLWWMine → lww_mine */
const snake = (name: string, prefix: string) =>
  name
    .replace(prefix, '')
    .replace('LWW', 'Lww')
    .replace('JSON', 'Json')
    .replace(/(?<!^)([A-Z])/g, '_$1')
    .toLowerCase()

test.each([
  ['rules', Rule, RULES, 'Rule'],
  ['statuses', Status, STATUSES, ''],
  ['transaction states', TxState, STATES, 'Tx'],
  ['strategies', Strategy, STRATEGIES, 'Strategy'],
  ['operations', Kind, OPS, ''],
  ['socket states', ConnState, SOCKETS, 'Conn'],
] as const)('%s have the names of the generated numbers, all of them', (_what, numbers, names, prefix) => {
  for (const [name, number] of Object.entries(numbers))
    expect([number, names[number]]).toEqual([number, snake(name, prefix)])
  expect(names.length).toBe(Math.max(...Object.values(numbers)) + 1)
})

test('column types have the names of the generated numbers', () => {
  for (const [name, number] of Object.entries(Type)) expect(TYPES[number]).toBe(name.replace('Type', '').toLowerCase())
  expect(TYPES).toHaveLength(Object.keys(Type).length)
})
