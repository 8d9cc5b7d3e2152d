/**
 * undo: the opposite of an accepted transaction, as a new one. A module of its
 * own: who does not import it does not load it.
 */

import type { Row } from './chunk.ts'
import type { Tables, UntypedTables } from './builder/scope.ts'
import type { Database, Write } from './database.ts'
import { failure, type RockpoolError } from './error.ts'
import { isSame } from './identity.ts'
import type { OutboxOperation } from './outbox.ts'
import type { Transaction } from './transaction.ts'

const OP = 'undo transaction'

/**
 * Takes back what an accepted transaction of this device did: rows get the values
 * of before, what was inserted goes, what was deleted is there again, amounts are
 * taken off again. It is one new transaction, with an outcome of its own, and all
 * of it or nothing. Its images are those that `db.outbox.changes` still has (the
 * last 200 transactions since the first `list()` of this tab).
 *
 * @throws `conflict` naming the first row that has changed since, `not_found` for
 * a transaction whose images are not kept, `forbidden` for one that was not accepted.
 */
export function undo<DB extends Tables>(db: Database<DB>, mid: number): Write<void> {
  const untyped = db as unknown as Database<UntypedTables> // what a transaction wrote is known at run time only
  return untyped.transaction(async (tx) => {
    const entry = db.outbox.changes.get().find((one) => one.mid === mid)
    if (entry === undefined || entry.operations.length === 0)
      throw failure('not_found', OP, `what transaction ${mid} did is not kept here`, 'list the outbox before writing')
    if (entry.state !== 'accepted')
      throw failure('forbidden', OP, `transaction ${mid} is ${entry.state}`, 'one that was not accepted is discarded')
    for (const operation of [...entry.operations].reverse()) await back(tx, operation)
  })
}

/** Takes one operation back, where its row is as it left it. */
async function back(tx: Transaction<UntypedTables>, operation: OutboxOperation): Promise<void> {
  const { type, table, key, before, after, deltas } = operation
  const row = (await tx.from(table).select('*').where(key).all())[0] ?? null
  if (type === 'delete') {
    if (row !== null) throw moved(operation, 'is there again')
    await tx.insert(table, before ?? key)
    return
  }
  if (row === null) throw moved(operation, 'is gone')
  for (const [name, value] of Object.entries(after ?? {}))
    if (!deltas.includes(name) && !isSame(row[name], value))
      throw moved(operation, `has ${name} ${String(row[name])}, and not ${String(value)}, by now`)
  if (type === 'insert') {
    await tx.delete(table, key)
    return
  }
  const was: Row = { ...key },
    amounts: Row = { ...key }
  for (const [name, value] of Object.entries(before ?? {}))
    if (deltas.includes(name)) amounts[name] = negative(after?.[name])
    else was[name] = value
  const size = Object.keys(key).length
  if (Object.keys(was).length > size) await tx.update(table, was)
  if (Object.keys(amounts).length > size) await tx.increment(table, amounts)
}

function moved({ table, key }: OutboxOperation, how: string): RockpoolError {
  return failure(
    'conflict',
    OP,
    `the row ${Object.values(key).map(String).join(' ')} of ${table} ${how}`,
    'look at the row, and write what it should be',
    { table },
  )
}

/** The opposite of an amount: a number, or a decimal as text. */
function negative(amount: Row[string] | undefined): Row[string] {
  if (typeof amount === 'number' || typeof amount === 'bigint') return -amount
  const text = String(amount)
  return text.startsWith('-') ? text.slice(1) : `-${text}`
}
