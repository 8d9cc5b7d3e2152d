/** Tables in memory that outlive fake Workers: what a disk is to real ones. Evaluates the part of query.Select that tests use. */

import type { SqlValue } from '../src/codec.ts'
import { Type, type Schema } from '../src/gen/schema.ts'
import type { Expr, Select } from '../src/gen/query.ts'
import { ExprKind } from '../src/gen/query.ts'
import { OperationType, type NamedRow, type Operation } from '../src/gen/wire.ts'

/** A failure with a fault kind's number. */
export class FakeFailure extends Error {
  readonly kind: string
  constructor(kind: string, message: string) {
    super(message)
    this.kind = kind
  }
}

type FakeRow = Record<string, SqlValue>

/** See the file's comment. */
export class FakeStore {
  schema: Schema
  readonly tables = new Map<string, Map<string, FakeRow>>()
  readonly keys = new Map<string, { mid: number; results: NamedRow[] }>()
  mid = 0

  constructor(schema: Schema, rows: Record<string, FakeRow[]> = {}) {
    this.schema = schema
    for (const table of schema.tables) this.tables.set(table.name, new Map())
    for (const [table, list] of Object.entries(rows))
      for (const row of list) this.#table(table).set(this.#key(table, row), row)
  }

  #table(name: string): Map<string, FakeRow> {
    const table = this.tables.get(name)
    if (table === undefined) throw new FakeFailure('unknown_table', `there is no table ${name}`)
    return table
  }

  #spec(name: string) {
    const spec = this.schema.tables.find((table) => table.name === name)
    if (spec === undefined) throw new FakeFailure('unknown_table', `there is no table ${name}`)
    return spec
  }

  #key(name: string, row: FakeRow): string {
    const spec = this.#spec(name)
    return spec.key.map((at) => String(row[spec.columns[at]?.name ?? ''])).join('\0')
  }

  /** Applies operations, all or none. */
  apply(ops: readonly Operation[], idempotencyKey: string): { mid: number; results: NamedRow[]; repeat: boolean } {
    const known = this.keys.get(idempotencyKey)
    if (idempotencyKey !== '' && known !== undefined) return { ...known, repeat: true }
    const before = new Map([...this.tables].map(([name, rows]) => [name, new Map(rows)]))
    try {
      const results = ops.map((op) => this.#operation(op))
      const done = { mid: ++this.mid, results }
      if (idempotencyKey !== '') this.keys.set(idempotencyKey, done)
      return { ...done, repeat: false }
    } catch (error) {
      for (const [name, rows] of before) this.tables.set(name, rows)
      throw error
    }
  }

  #operation(op: Operation): NamedRow {
    const table = this.#table(op.table),
      data: FakeRow = {}
    op.columns.forEach((name, at) => {
      data[name] = op.values[at] ?? null
    })
    const key = this.#key(op.table, data),
      old = table.get(key)
    switch (op.type) {
      case OperationType.OpInsert: {
        if (old !== undefined) throw new FakeFailure('constraint', `${op.table} has a row with that key`)
        const row: FakeRow = {}
        for (const column of this.#spec(op.table).columns) row[column.name] = data[column.name] ?? null
        table.set(key, row)
        return named(row)
      }
      case OperationType.OpUpdate:
      case OperationType.OpIncrement: {
        if (old === undefined) throw new FakeFailure('not_found', `${op.table} has no row with that key`)
        const row = { ...old }
        for (const [name, value] of Object.entries(data)) {
          const isKey = this.#spec(op.table).key.some((at) => this.#spec(op.table).columns[at]?.name === name)
          row[name] = op.type === OperationType.OpIncrement && !isKey ? Number(row[name]) + Number(value) : value
        }
        table.set(key, row)
        return named(row)
      }
      case OperationType.OpDelete:
        table.delete(key)
        return named(data)
      default:
        table.set(key, { ...old, ...data })
        return named({ ...old, ...data })
    }
  }

  select(select: Select): { columns: { name: string; type: Type }[]; rows: SqlValue[][] } {
    const spec = this.#spec(select.from.name)
    let rows = [...this.#table(select.from.name).values()].filter(
      (row) => select.where === null || truth(evaluate(select.where, row)),
    )
    const first = select.columns[0]
    if (first?.expr.name === 'count')
      return { columns: [{ name: first.as, type: Type.TypeInt }], rows: [[rows.length]] }
    for (const order of [...select.orderBy].reverse()) {
      rows = rows.toSorted((a, b) => (order.desc ? -1 : 1) * compare(evaluate(order.expr, a), evaluate(order.expr, b)))
    }
    const offset = Number(select.offset?.value ?? 0)
    rows = rows.slice(offset, select.limit === null ? undefined : offset + Number(select.limit.value))
    const columns =
      select.columns.length === 0
        ? spec.columns.map((column) => ({ name: column.name, from: column.name }))
        : select.columns.map((one) => ({ name: one.as || one.expr.name, from: one.expr.name }))
    return {
      columns: columns.map(({ name, from }) => {
        const column = spec.columns.find((one) => one.name === from)
        if (column === undefined) throw new FakeFailure('unknown_column', `${select.from.name} has no column ${from}`)
        return { name, type: column.type }
      }),
      rows: rows.map((row) => columns.map(({ from }) => row[from] ?? null)),
    }
  }
}

function named(row: FakeRow): NamedRow {
  return { columns: Object.keys(row), values: Object.values(row) }
}
function truth(value: SqlValue): boolean {
  return value !== null && value !== 0
}

function compare(a: SqlValue, b: SqlValue): number {
  if (a === b) return 0
  if (a === null) return -1
  if (b === null) return 1
  return a < b ? -1 : 1
}

function evaluate(expr: Expr, row: FakeRow): SqlValue {
  const arg = (at: number): SqlValue => {
    const one = expr.args[at]
    return one === undefined ? null : evaluate(one, row)
  }
  switch (expr.kind) {
    case ExprKind.ExprColumn:
      return row[expr.name] ?? null
    case ExprKind.ExprValue:
      return expr.value
    case ExprKind.ExprAnd:
      return expr.args.every((one) => truth(evaluate(one, row))) ? 1 : 0
    case ExprKind.ExprOr:
      return expr.args.some((one) => truth(evaluate(one, row))) ? 1 : 0
    case ExprKind.ExprNot:
      return truth(arg(0)) ? 0 : 1
    case ExprKind.ExprIsNull:
      return arg(0) === null ? 1 : 0
    case ExprKind.ExprIn:
      return expr.args.slice(1).some((one) => evaluate(one, row) === arg(0)) ? 1 : 0
    case ExprKind.ExprCompare: {
      const order = compare(arg(0), arg(1))
      switch (expr.name) {
        case '=':
          return order === 0 ? 1 : 0
        case '<>':
          return order !== 0 ? 1 : 0
        case '<':
          return order < 0 ? 1 : 0
        case '<=':
          return order <= 0 ? 1 : 0
        case '>':
          return order > 0 ? 1 : 0
        case '>=':
          return order >= 0 ? 1 : 0
        default:
          throw new FakeFailure('invalid_argument', `the fake has no ${expr.name}`)
      }
    }
    default:
      throw new FakeFailure('invalid_argument', `the fake has no expression of kind ${expr.kind}`)
  }
}
