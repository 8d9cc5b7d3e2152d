/** Our errors as Vitess tells them: applications match its texts. */

import { brokenConstraint, failure, RockpoolError } from '@rockpool/client/statements'

/** An error of the service. */
export interface VitessError {
  readonly code: string
  readonly message: string
}

/** What of MySQL's dialect is not understood here. */
export function refused(what: string, at?: number): RockpoolError {
  const where = at === undefined ? '' : ` at character ${at + 1}`
  return failure('invalid_sql', 'read MySQL', `${what} is not supported on the local database${where}`)
}

interface Mapped {
  readonly code: string
  readonly grpc: string
  readonly errno: number
  readonly state: string
  readonly text: string
}

const of = (code: string, grpc: string, errno: number, state: string, text: string): Mapped => ({
  code,
  grpc,
  errno,
  state,
  text,
})

/** The error of whatever was thrown. */
export function toVitess(thrown: unknown): VitessError {
  const { code, grpc, errno, state, text } = mapped(thrown)
  return {
    code,
    message: `target: db.-.primary: vttablet: rpc error: code = ${grpc} desc = ${text} (errno ${errno}) (sqlstate ${state})`,
  }
}

function mapped(thrown: unknown): Mapped {
  if (!(thrown instanceof RockpoolError)) return of('UNKNOWN', 'Unknown', 1105, 'HY000', String(thrown))
  const text = thrown.message
  switch (thrown.kind) {
    case 'constraint':
      return constraint(thrown, text)
    case 'unknown_table':
      return of('NOT_FOUND', 'NotFound', 1146, '42S02', text)
    case 'unknown_column':
      return of('NOT_FOUND', 'NotFound', 1054, '42S22', text)
    case 'invalid_sql':
      return of('INVALID_ARGUMENT', 'InvalidArgument', 1064, '42000', text)
    case 'forbidden':
      return of('PERMISSION_DENIED', 'PermissionDenied', 1142, '42000', text)
    case 'type_mismatch':
      return of('INVALID_ARGUMENT', 'InvalidArgument', 1366, 'HY000', text)
    case 'too_large':
      return of('RESOURCE_EXHAUSTED', 'ResourceExhausted', 1153, '08S01', text)
    case 'busy':
    case 'timeout':
    case 'deadline_exceeded':
      return of('DEADLINE_EXCEEDED', 'DeadlineExceeded', 1205, 'HY000', text)
    case 'rolled_back':
      return of('ABORTED', 'Aborted', 1213, '40001', text)
    case 'not_found':
    case 'closed':
      return of('ABORTED', 'Aborted', 2013, 'HY000', text)
    default:
      return of('UNKNOWN', 'Unknown', 1105, 'HY000', text)
  }
}

function constraint(error: RockpoolError, text: string): Mapped {
  const broken = brokenConstraint(error)
  switch (broken.kind) {
    case 'unique': {
      const key = broken.index || (broken.columns.length === 0 ? 'PRIMARY' : `${broken.table}.${broken.columns[0]}`)
      return of('ALREADY_EXISTS', 'AlreadyExists', 1062, '23000', `Duplicate entry for key '${key}'`)
    }
    case 'not null':
      return of('INVALID_ARGUMENT', 'InvalidArgument', 1048, '23000', text)
    case 'foreign key':
      return of('FAILED_PRECONDITION', 'FailedPrecondition', broken.isHeld ? 1451 : 1452, '23000', text)
    default:
      return of('FAILED_PRECONDITION', 'FailedPrecondition', 3819, 'HY000', text)
  }
}
