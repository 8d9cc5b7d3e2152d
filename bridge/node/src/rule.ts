/** Which constraint SQLite's message is about, which it tells in text alone. The core reads it the same way (sqlite/rule.go). */

import type { FailureFields } from '@rockpool/client/statements'

const CHECK = 275

/** "UNIQUE constraint failed: t.a, t.b", "… failed: index 'name'", "CHECK constraint failed: name". */
export function ruleOf(code: number, message: string): Pick<FailureFields, 'table' | 'columns' | 'constraint'> {
  const about = / constraint failed: (.+)$/.exec(message)?.[1]
  if (about === undefined) return {}
  if (code === CHECK) return { constraint: about }
  const index = /^index '(.+)'$/.exec(about)?.[1]
  if (index !== undefined) return { constraint: index }
  const names = about.split(', ').map((one) => one.split('.', 2))
  return { table: names[0]?.[0] ?? '', columns: names.map(([, column]) => column ?? '') }
}
