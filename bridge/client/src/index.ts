/** The public face of @rockpool/client. */

export { open, openLater } from './open.ts'
export { Database, type QueryInput, type RowOf, type Write } from './database.ts'
export type { OpenOptions, RelayOptions } from './options.ts'
export { failure, KIND_NAMES, RockpoolError, toError, type Kind } from './error.ts'
export type { SqlValue } from './codec.ts'
export type { Row } from './chunk.ts'
export {
  declareSchema,
  defineSchema,
  typeName,
  type ColumnSpec,
  type ColumnTypes,
  type DefinedSchema,
  type InferTables,
  type SchemaSpec,
  type StrategyName,
  type TableSpec,
} from './schema.ts'
export { sql, identifier, type Statement } from './builder/sql.ts'
export {
  avg,
  col,
  count,
  fn,
  many,
  max,
  min,
  one,
  OPERATORS,
  sum,
  val,
  type Expression,
  type Operator,
} from './builder/expr.ts'
export { SelectBuilder } from './builder/select.ts'
export type { AnyQuery, Conditions, Tables, TableTypes, UntypedTables } from './builder/scope.ts'
export type { Json } from './values.ts'
export { newKey } from './key.ts'
export type { DatabaseOperation, OperationKind } from './operations.ts'
export type { Transaction } from './transaction.ts'
export type { TransactionOptions } from './interactive.ts'
export type { CallOptions } from './session.ts'
export type { QueryResult, ReadOptions, WriteOptions, LaneName } from './requests.ts'
export type { LiveQuery, LiveSnapshot } from './live.ts'
export type { Patch } from './identity.ts'
export type { Confirmation, OutcomeStatus } from './outcomes.ts'
export { OPENING, type DatabaseHealth, type DatabaseState, type SocketState } from './health.ts'
export {
  NO_STATUS,
  type ShapeProgress,
  type SubscribeOptions,
  type Subscription,
  type SyncStats,
  type SyncStatus,
} from './sync.ts'
export type { Conflict, ConflictChoice, ConflictRule } from './conflicts.ts'
export type { OutboxEntry, OutboxOperation, Rollback, TransactionState } from './outbox.ts'
export type { Readable } from './emitter.ts'
export type { Problem, Validated } from './validation.ts'
export type { Stats } from './gen/wire.ts'
export type { Schema, Table, Column } from './gen/schema.ts'
