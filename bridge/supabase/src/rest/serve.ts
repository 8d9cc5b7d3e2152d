/** Answers PostgREST's requests for one table from the local database. */

import type { Database, DatabaseOperation, Row, Table, Transaction, UntypedTables } from '@rockpool/client'
import type { Expr, Select } from '@rockpool/client/query'
import { toJson, type Json } from '../values.ts'
import { parseBody, type Values } from './body.ts'
import { restError, RestError, unsupported } from './errors.ts'
import { allOf, columnNode, countNode, equals, parseQuery, valueNode, type Asked, type Shown } from './select.ts'

/** Rows that one update or delete may change: each is looked up and written by its key, in one transaction. */
export const ROWS_MAX = 10_000

/** A request, without its way. */
export interface RestRequest {
  readonly method: string
  readonly params: URLSearchParams
  readonly headers: Headers
  readonly body: string
}

/** What a request prefers. */
interface Preferences {
  readonly isRepresented: boolean
  readonly isCounted: boolean
  readonly resolution: string | undefined
  readonly isMissingDefault: boolean
}

/** Answers; what is wrong is a body with a code, never an exception. */
export async function serve(db: Database, table: Table, request: RestRequest): Promise<Response> {
  try {
    const prefer = preferences(request.headers.get('prefer') ?? '')
    const asked = parseQuery(request.params, table)
    checkMedia(request.headers.get('accept') ?? '*/*')
    switch (request.method) {
      case 'GET':
      case 'HEAD':
        return await read(db, table, request, asked, prefer)
      case 'POST':
        return await insert(db, table, request, asked, prefer)
      case 'PATCH':
      case 'DELETE':
        return await change(db, table, request, asked, prefer)
      default:
        throw new RestError(405, 'PGRST117', `Unsupported HTTP method: ${request.method}`)
    }
  } catch (thrown) {
    return errorResponse(restError(thrown, table, undefined))
  }
}

/** An error as PostgREST answers it. */
export function errorResponse({ status, code, details, hint, message }: RestError): Response {
  return Response.json({ code, details, hint, message }, { status })
}

function preferences(header: string): Preferences {
  const all = header.split(',').map((one) => one.trim())
  for (const one of all)
    if (one === 'tx=rollback' || one.startsWith('max-affected=')) throw unsupported(`the preference ${one}`)
  return {
    isRepresented: all.includes('return=representation'),
    isCounted: all.some((one) => /^count=(exact|planned|estimated)$/.test(one)),
    resolution: all.find((one) => one.startsWith('resolution='))?.slice('resolution='.length),
    isMissingDefault: all.includes('missing=default'),
  }
}

const OBJECT = 'application/vnd.pgrst.object'

function checkMedia(accept: string): void {
  if (/nulls=stripped/.test(accept) || !/^(\*\/\*|application\/(json|vnd\.pgrst\.(object|array)\b.*))/.test(accept))
    throw new RestError(406, 'PGRST107', `None of these media types are available: ${accept}`)
}

/** The rows as they are shown, under their names in the answer. */
function rendered(rows: readonly object[], shown: readonly Shown[]): Json[] {
  return rows.map((row) =>
    Object.fromEntries(shown.map(({ column, as }) => [as, toJson(column, (row as Row)[column.name] ?? null)])),
  )
}

function selectOf(db: Database, table: Table, change: Partial<Select>): Select {
  return { ...db.from(table.name).ast, ...change }
}

async function read(
  db: Database,
  table: Table,
  request: RestRequest,
  asked: Asked,
  prefer: Preferences,
): Promise<Response> {
  const range = /^(\d+)-(\d*)$/.exec(request.headers.get('range') ?? '')
  const offset = asked.offset + Number(range?.[1] ?? 0)
  const limit = range?.[2] ? Number(range[2]) - Number(range[1]) + 1 : asked.limit
  const { where } = asked
  const select = selectOf(db, table, {
    where,
    orderBy: asked.orderBy,
    limit: limit === null && offset > 0 ? valueNode(-1) : limit === null ? null : valueNode(limit),
    offset: offset > 0 ? valueNode(offset) : null,
  })
  const rows = await db.run({ ast: select })
  let total: number | null = null
  if (prefer.isCounted) {
    const [counted] = await db.run({ ast: selectOf(db, table, { where, columns: [{ expr: countNode(), as: 'n' }] }) })
    total = Number((counted as Row | undefined)?.n ?? 0)
    if (offset > total)
      throw new RestError(
        416,
        'PGRST103',
        'Requested range not satisfiable',
        `An offset of ${offset} was requested, but there are only ${total} rows.`,
      )
  }
  const span = rows.length === 0 ? '*' : `${offset}-${offset + rows.length - 1}`
  const isPart = total !== null && rows.length < total
  const headers = { 'content-range': `${span}/${total ?? '*'}` }
  return answer(request, rendered(rows, asked.shown), isPart ? 206 : 200, headers)
}

/** A body of rows, or of the one row where one is wanted. @throws RestError PGRST116. */
function answer(
  request: RestRequest,
  rows: readonly Json[],
  status: number,
  headers: Record<string, string>,
): Response {
  const isOne = (request.headers.get('accept') ?? '').includes(OBJECT)
  checkOne(request, rows.length)
  const body = JSON.stringify(isOne ? rows[0] : rows)
  const type = `${isOne ? OBJECT + '+json' : 'application/json'}; charset=utf-8`
  return new Response(request.method === 'HEAD' ? null : body, {
    status,
    headers: { 'content-type': type, ...headers },
  })
}

function checkOne(request: RestRequest, rows: number): void {
  if (!(request.headers.get('accept') ?? '').includes(OBJECT) || rows === 1) return
  throw new RestError(
    406,
    'PGRST116',
    'Cannot coerce the result to a single JSON object',
    `The result contains ${rows} rows`,
  )
}

async function insert(
  db: Database,
  table: Table,
  request: RestRequest,
  asked: Asked,
  prefer: Preferences,
): Promise<Response> {
  const columns =
    request.params
      .get('columns')
      ?.split(',')
      .map((name) => name.replaceAll('"', '')) ?? null
  const rows = parseBody(request.body, table, columns, prefer.isMissingDefault)
  const key = keyNames(table)
  const target = request.params.get('on_conflict')?.split(',') ?? key
  if (prefer.resolution !== undefined && [...target].sort().join() !== [...key].sort().join())
    throw unsupported('on_conflict with other columns than the primary key')
  const written: Row[] = []
  try {
    if (rows.length > 0)
      await db.transaction(async (tx) => {
        written.length = 0
        for (const data of rows) {
          if (prefer.resolution === 'ignore-duplicates' && (await isThere(db, tx, table, data))) continue
          const type = prefer.resolution === 'merge-duplicates' ? 'upsert' : 'insert'
          written.push(...(await tx.execute({ type, table: table.name, data })))
        }
        if (prefer.isRepresented) checkOne(request, written.length)
      })
  } catch (thrown) {
    return errorResponse(restError(thrown, table, rows.length === 1 ? (rows[0] as Row) : undefined)) // named values
  }
  return done(request, asked, prefer, written, 201, `*/${prefer.isCounted ? written.length : '*'}`)
}

async function isThere(db: Database, tx: Transaction<UntypedTables>, table: Table, data: Values): Promise<boolean> {
  const where = allOf(
    table.key.flatMap((at) => {
      const column = table.columns[at]
      return column === undefined ? [] : [equals(columnNode(column), data[column.name] as Expr['value'])] // of a key
    }),
  )
  return (await tx.run(selectOf(db, table, { where, limit: valueNode(1) }))).length > 0
}

async function change(
  db: Database,
  table: Table,
  request: RestRequest,
  asked: Asked,
  prefer: Preferences,
): Promise<Response> {
  const isDelete = request.method === 'DELETE'
  if (asked.where === null)
    throw new RestError(400, '21000', `${isDelete ? 'DELETE' : 'UPDATE'} requires a WHERE clause`)
  const [values = {}] = isDelete ? [] : parseBody(request.body, table, null, true)
  const key = keyNames(table)
  if (key.some((name) => name in values)) throw unsupported('an update of the primary key')
  const select = selectOf(db, table, {
    where: asked.where,
    orderBy: asked.orderBy,
    limit: valueNode(Math.min(asked.limit ?? ROWS_MAX + 1, ROWS_MAX + 1)),
  })
  const written: Row[] = []
  try {
    await db.transaction(async (tx) => {
      written.length = 0
      const found = (await tx.run(select)) as Row[]
      if (found.length > ROWS_MAX)
        throw new RestError(400, '54000', `more than ${ROWS_MAX} rows match`, null, 'change them in parts')
      if (prefer.isRepresented) checkOne(request, found.length)
      const operations = found.map((row): DatabaseOperation => {
        const data = Object.fromEntries(key.map((name) => [name, row[name]]))
        return isDelete
          ? { type: 'delete', table: table.name, data }
          : { type: 'update', table: table.name, data: { ...data, ...values } }
      })
      if (isDelete || Object.keys(values).length === 0) written.push(...found)
      if (operations.length === 0 || (!isDelete && Object.keys(values).length === 0)) return
      const results = await tx.execute(...operations)
      if (!isDelete) written.push(...results)
    })
  } catch (thrown) {
    return errorResponse(restError(thrown, table, values as Row)) // named values
  }
  const n = written.length
  const total = prefer.isCounted ? String(n) : '*'
  const range = isDelete ? `*/${total}` : `${n === 0 ? '*' : `0-${n - 1}`}/${total}`
  return done(request, asked, prefer, written, 200, range)
}

function done(
  request: RestRequest,
  asked: Asked,
  prefer: Preferences,
  rows: readonly Row[],
  status: number,
  range: string,
): Response {
  const headers = { 'content-range': range }
  if (prefer.isRepresented) return answer(request, rendered(rows, asked.shown), status, headers)
  return new Response(null, { status: status === 200 ? 204 : status, headers })
}

const keyNames = (table: Table): string[] => table.key.map((at) => table.columns[at]?.name ?? '')
