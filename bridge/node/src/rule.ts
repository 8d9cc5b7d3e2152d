/** Which constraint SQLite's message is about, which it tells in text alone. The core reads it the same way (sqlite/rule.go). */

import type { FailureFields } from '@rockpool/client/statements'

const CHECK = 275

/** "UNIQUE constraint failed: t.a, t.b", "… failed: index 'name'", "CHECK constraint failed: name". */
export function ruleOf(code: number, message: string): Pick<FailureFields, 'table' | 'columns' | 'constraint'> {
  const about = / constraint failed: (.+)$/s.exec(message)?.[1]
  if (about === undefined) return {}
  if (code === CHECK) return { constraint: about }
  const index = /^index '(.+)'$/s.exec(about)?.[1]
  if (index !== undefined) return { constraint: index }
  const names = about.split(', ').map((one) => {
    const [table = '', ...column] = one.split('.')
    return { table, column: column.join('.') }
  })
  return { table: names[0]?.table ?? '', columns: names.map(({ column }) => column) }
}
