/** The calls of the page protocol, each in one place: its frame, its policy, its answer. */

import { bytesField, decode, decoding, encode, joined, encodingSets } from './codec.ts'
import { failure } from './error.ts'
import type { Select } from './gen/query.ts'
import {
  BatchMessage,
  OperationsDoneMessage,
  OperationsMessage,
  QueryDoneMessage,
  QueryMessage,
  SelectCallMessage,
  type OperationsDone,
  type QueryDone,
  PageBatch,
  PageOperations,
  PageQuery,
  PageSelect,
  type Lane,
  LaneBulk,
  LaneInteractive,
  LaneLive,
} from './gen/wire.ts'
import { isRead } from './builder/sql.ts'
import type { Row } from './chunk.ts'
import { sliced } from './pace.ts'
import { lowerOperation, type DatabaseOperation } from './operations.ts'
import { newKey } from './key.ts'
import { RowSink } from './rows.ts'
import type { CallOptions, Session, Sink } from './session.ts'
import type { Booleans } from './shape.ts'
import { type Bound, toSql } from './values.ts'

/** The queue a call waits in. */
export type LaneName = 'interactive' | 'live' | 'bulk'

/** Options of reads. */
export interface ReadOptions extends CallOptions {
  /** `bulk` lets a long read give way to others. Default `interactive`. */
  readonly lane?: LaneName | undefined
}

/** Options of writes. */
export interface WriteOptions extends CallOptions {
  /** A write that is repeated with the same key applies once. One is made when there is none. */
  readonly idempotencyKey?: string | undefined
}

/** Rows and the figures of a statement. */
export interface QueryResult<R = Row> {
  readonly rows: R[]
  readonly columns: readonly string[]
  readonly changes: number
  readonly lastId: number | bigint
  /** Microseconds in the Worker. */
  readonly micros: number
  readonly mid: number
}

const LANES: { readonly [L in LaneName]: Lane } = {
  interactive: LaneInteractive,
  live: LaneLive,
  bulk: LaneBulk,
}

/** Whole milliseconds for the wire; 0 for none. */
export function millis(deadline: number | undefined): number {
  if (deadline === undefined) return 0
  if (!Number.isFinite(deadline) || deadline < 0)
    throw failure('invalid_argument', 'read deadline', `${deadline} is no number of milliseconds`)
  return Math.min(Math.ceil(deadline), 0xffffffff)
}

/** What reads say beside what they ask for. */
function limitsOf(options: ReadOptions) {
  const { signal } = options
  return {
    lane: LANES[options.lane ?? 'interactive'],
    deadlineMillis: millis(options.deadline),
    /** A URL for the core to look at inside a long step: it stands until the call ends or is aborted. */
    standing: signal === undefined || signal.aborted ? '' : URL.createObjectURL(new Blob()),
  }
}

function resultOf(sink: RowSink, done: QueryDone): QueryResult {
  return {
    rows: sink.take(),
    columns: sink.shape.names,
    changes: done.changes,
    lastId: done.lastId,
    micros: done.micros,
    mid: done.mid,
  }
}

/** Runs SQL text. */
export async function runSql(
  session: Session,
  statement: Bound,
  options: ReadOptions & WriteOptions,
): Promise<QueryResult> {
  const sink = new RowSink('sqlite')
  return resultOf(sink, await askSql(session, statement, options, sink))
}

/** Runs SQL text into a sink. A statement that may write goes with a key, so that it can be sent again. */
export async function askSql(
  session: Session,
  statement: Bound,
  options: ReadOptions & WriteOptions,
  sink: Sink,
): Promise<QueryDone> {
  const isReading = isRead(statement.sql)
  const key = isReading ? '' : (options.idempotencyKey ?? newKey())
  const request = { ...statement, idempotencyKey: key, ...limitsOf(options) }
  return session.ask(PageQuery, 'run query', QueryMessage, request, QueryDoneMessage, {
    ...options,
    policy: isReading ? 'read' : 'write',
    key,
    sink,
    standing: request.standing,
  })
}

/** Runs a built query. */
export async function runSelect(
  session: Session,
  select: Select,
  options: ReadOptions = {},
  booleans: Booleans = 'schema',
): Promise<QueryResult> {
  const sink = new RowSink(booleans)
  const request = { select, ...limitsOf(options) }
  const done = await session.ask(PageSelect, 'run query', SelectCallMessage, request, QueryDoneMessage, {
    ...options,
    sink,
    standing: request.standing,
  })
  return resultOf(sink, done)
}

/** Sets, operations or results that are encoded or decoded between two looks at the clock. */
const STEP = 256

/** Runs operations as one transaction. More than STEP are encoded in slices; writes that are made meanwhile wait behind them. */
export async function runOperations(
  session: Session,
  operations: readonly DatabaseOperation[],
  options: WriteOptions = {},
): Promise<OperationsDone> {
  const key = options.idempotencyKey ?? newKey()
  const parts = [encode(OperationsMessage, { idempotencyKey: key, deadlineMillis: millis(options.deadline) })]
  let at = 0
  const step = () => {
    parts.push(encode(OperationsMessage, { ops: operations.slice(at, at + STEP).map(lowerOperation) }))
    at += STEP
    return at < operations.length
  }
  const encoded = step() ? sliced(step) : undefined
  const done = await session.call({
    ...options,
    type: PageOperations,
    op: 'execute transaction',
    policy: 'write',
    key,
    encoded,
    body: () => joined(parts),
    decode: (body) => decoding(OperationsDoneMessage, body),
  })
  if (done.step(STEP)) await sliced(() => done.step(STEP))
  return done.message
}

/** Runs one writing statement once for each set of parameters, as one transaction. Sets are encoded as operations are. */
export async function runBatch(
  session: Session,
  sql: string,
  sets: readonly (readonly unknown[])[],
  options: WriteOptions = {},
): Promise<QueryDone> {
  const key = options.idempotencyKey ?? newKey()
  const encoding = encodingSets(sets, (value, set, at) => toSql(value, `parameter ${at + 1} of set ${set + 1}`))
  const step = () => encoding.step(STEP)
  const encoded = step() ? sliced(step) : undefined
  const deadlineMillis = millis(options.deadline)
  return session.call({
    ...options,
    type: PageBatch,
    op: 'run batch',
    policy: 'write',
    key,
    encoded,
    body: () =>
      joined([
        encode(BatchMessage, { sql, count: sets.length, idempotencyKey: key, deadlineMillis }),
        ...bytesField(BatchMessage, 'sets', encoding.bytes),
      ]),
    decode: (body) => decode(QueryDoneMessage, body),
  })
}
