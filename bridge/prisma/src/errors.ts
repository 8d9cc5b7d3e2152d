/** Our errors as Prisma knows them: their kinds become P2002, P2003, P2034 and so on. */

import { brokenConstraint, RockpoolError } from '@rockpool/client/statements'
import type { Error as Payload, MappedError } from '@prisma/driver-adapter-utils'

/** SQLite's code of an error without one of its own. */
const SQL_ERROR = 1

/** What Prisma tells from all other errors, by its name and cause. */
export class DriverAdapterError extends Error {
  override readonly name = 'DriverAdapterError'
  override readonly cause: Payload

  constructor(payload: Payload) {
    super('message' in payload && typeof payload.message === 'string' ? payload.message : payload.kind)
    this.cause = payload
  }
}

/** The adapter's error for whatever was thrown; what is not ours stays as it is. */
export function toAdapterError(thrown: unknown): unknown {
  if (!(thrown instanceof RockpoolError)) return thrown
  return new DriverAdapterError({
    ...mappedOf(thrown),
    originalCode: thrown.code > 0 ? String(thrown.code) : thrown.kind,
    originalMessage: thrown.message,
  })
}

function mappedOf(error: RockpoolError): MappedError {
  const { message } = error
  switch (error.kind) {
    case 'constraint':
      return constraintOf(error)
    case 'unknown_table':
      return { kind: 'TableDoesNotExist', ...named('table', /no such table: ([^\s(]+)/.exec(message)?.[1]) }
    case 'unknown_column':
      return {
        kind: 'ColumnNotFound',
        ...named('column', /(?:no such column: |has no column named )([^\s(]+)/.exec(message)?.[1]),
      }
    case 'busy':
    case 'timeout':
    case 'deadline_exceeded':
      return { kind: 'SocketTimeout' }
    case 'rolled_back':
      return { kind: 'TransactionWriteConflict' } // safe to run again
    case 'not_found':
      return { kind: 'TransactionAlreadyClosed', cause: message }
    case 'closed':
      return error.op === 'use transaction'
        ? { kind: 'TransactionAlreadyClosed', cause: message }
        : { kind: 'ConnectionClosed' }
    case 'type_mismatch':
      return { kind: 'InvalidInputValue', message }
    case 'too_large':
      return { kind: 'ValueOutOfRange', cause: message }
    default:
      return { kind: 'sqlite', extendedCode: error.code || SQL_ERROR, message }
  }
}

function constraintOf(error: RockpoolError): MappedError {
  const broken = brokenConstraint(error)
  switch (broken.kind) {
    case 'foreign key':
      return { kind: 'ForeignKeyConstraintViolation', constraint: { foreignKey: {} } }
    case 'not null':
      return { kind: 'NullConstraintViolation', constraint: { fields: [...broken.columns] } }
    case 'unique':
      return {
        kind: 'UniqueConstraintViolation',
        constraint: broken.index === '' ? { fields: [...broken.columns] } : { index: broken.index },
      }
    default:
      return { kind: 'sqlite', extendedCode: error.code || SQL_ERROR, message: error.message }
  }
}

function named<K extends string>(key: K, name: string | undefined): { [P in K]?: string } {
  return (name === undefined ? {} : { [key]: name }) as { [P in K]?: string } // a computed key
}
