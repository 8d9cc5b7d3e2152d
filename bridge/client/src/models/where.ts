/** Prisma's filters as expressions. */

import { and, compare, node, not, or, value } from '../builder/expr.ts'
import { failure } from '../error.ts'
import { type Expr, ExprColumn, ExprCompare, ExprExists, type Select } from '../gen/query.ts'
import { emptySelect } from '../builder/select.ts'
import { noProperty, type Described, type Relation } from './relations.ts'

/** An object of an application, whose properties are not known. */
export type Loose = Readonly<Record<string, unknown>>

/** What lowering needs to know: tables by name, and names that are not yet taken. */
export class Scope {
  #aliases = 0
  readonly describe: (table: string) => Described
  constructor(describe: (table: string) => Described) {
    this.describe = describe
  }

  /** Begins a query of a table, under an alias of its own. */
  begin(table: string): { of: Described; alias: string; select: Select } {
    const alias = `t${this.#aliases++}`
    return { of: this.describe(table), alias, select: { ...emptySelect(table), from: { name: table, alias } } }
  }

  /** Begins a query of the rows that a relation leads to from a row of `alias`. */
  follow(relation: Relation, alias: string): { of: Described; alias: string; select: Select } {
    const begun = this.begin(relation.table)
    const where = and(
      relation.there.map((column, at) =>
        node(ExprCompare, {
          name: '=',
          args: [columnOf(begun.alias, column), columnOf(alias, relation.here[at] ?? '')],
        }),
      ),
    )
    return { ...begun, select: { ...begun.select, where: where ?? null } }
  }
}

/** A column of an aliased table. */
export function columnOf(table: string, name: string): Expr {
  return node(ExprColumn, { table, name })
}

/** Adds a condition to a query. */
export function filtered(select: Select, added: Expr | undefined): Select {
  if (added === undefined) return select
  return { ...select, where: (select.where === null ? added : and([select.where, added])) ?? null }
}

/** Whether a value is an object of properties, rather than something to bind. */
export function isLoose(of: unknown): of is Loose {
  return typeof of === 'object' && of !== null && Object.getPrototypeOf(of) === Object.prototype
}

/** Lowers a `where`. @throws `unknown_column`, `invalid_argument`. */
export function lowerWhere(where: unknown, of: Described, alias: string, scope: Scope): Expr | undefined {
  if (where === undefined) return undefined
  if (!isLoose(where)) throw failure('invalid_argument', `filter ${of.name}`, 'where takes an object')
  const all: Expr[] = []
  for (const [name, test] of Object.entries(where)) {
    if (test === undefined) continue
    const list = () => (Array.isArray(test) ? test : [test]).map((one) => lowerWhere(one, of, alias, scope) ?? always)
    if (name === 'AND') all.push(and(list()) ?? always)
    else if (name === 'OR') all.push(or(list()) ?? not(always))
    else if (name === 'NOT') all.push(...list().map(not))
    else if (of.columns.includes(name)) all.push(...column(columnOf(alias, name), test, `${of.name}.${name}`))
    else {
      const relation = of.relations.get(name)
      if (relation !== undefined) all.push(...related(relation, test, alias, scope, `${of.name}.${name}`))
      else all.push(...compound(name, test, of, alias, scope))
    }
  }
  return and(all)
}

/** A condition that every row meets. */
const always: Expr = node(ExprCompare, { name: '=', args: [value(1), value(1)] })

/** `{ order_id_product_id: { order_id, product_id } }`, as Prisma names a key of several columns. */
function compound(name: string, test: unknown, of: Described, alias: string, scope: Scope): Expr[] {
  if (isLoose(test) && Object.keys(test).join('_') === name) {
    const tested = lowerWhere(test, of, alias, scope)
    return tested === undefined ? [] : [tested]
  }
  throw noProperty(of, name, `filter ${of.name}`)
}

const COMPARISONS: Readonly<Record<string, string>> = { lt: '<', lte: '<=', gt: '>', gte: '>=' }

/** The tests of one column. */
function column(left: Expr, test: unknown, what: string): Expr[] {
  if (!isLoose(test)) return [compare(left, '=', test, what)]
  const isFolded = test.mode === 'insensitive'
  const all: Expr[] = []
  for (const [name, to] of Object.entries(test)) {
    if (to === undefined || name === 'mode') continue
    switch (name) {
      case 'equals':
        all.push(isFolded && typeof to === 'string' ? like(left, escaped(to), true) : compare(left, '=', to, what))
        break
      case 'not': {
        // SQL's NOT of a comparison with NULL is not true: Prisma says the same.
        const tested = isLoose(to) ? (and(column(left, to, what)) ?? always) : compare(left, '=', to, what)
        all.push(not(tested))
        break
      }
      case 'in':
        all.push(compare(left, 'in', to, what))
        break
      case 'notIn':
        all.push(compare(left, 'not in', to, what))
        break
      case 'contains':
        all.push(like(left, `%${escaped(text(to, what))}%`, isFolded))
        break
      case 'startsWith':
        all.push(like(left, `${escaped(text(to, what))}%`, isFolded))
        break
      case 'endsWith':
        all.push(like(left, `%${escaped(text(to, what))}`, isFolded))
        break
      default: {
        const op = COMPARISONS[name]
        if (op === undefined)
          throw failure(
            'invalid_argument',
            `filter ${what}`,
            `there is no filter ${JSON.stringify(name)}`,
            'filters are equals, not, in, notIn, lt, lte, gt, gte, contains, startsWith, endsWith, mode',
          )
        all.push(compare(left, op, to, what))
      }
    }
  }
  return all
}

function like(left: Expr, pattern: string, isFolded: boolean): Expr {
  return compare(left, isFolded ? 'ilike' : 'like', pattern, 'a pattern')
}

function escaped(text: string): string {
  return text.replaceAll(/[\\%_]/g, '\\$&')
}

function text(of: unknown, what: string): string {
  if (typeof of === 'string') return of
  throw failure('invalid_argument', `filter ${what}`, 'contains, startsWith and endsWith take a text')
}

/** The tests of a relation: some, every and none of a list; is and isNot of one row. */
function related(relation: Relation, test: unknown, alias: string, scope: Scope, what: string): Expr[] {
  const exists = (where: unknown, isAgainst = false): Expr => {
    const next = scope.follow(relation, alias)
    const tested = lowerWhere(where ?? {}, next.of, next.alias, scope)
    const wanted = isAgainst ? not(tested ?? always) : tested
    return node(ExprExists, { sub: filtered({ ...next.select, columns: [{ expr: value(1), as: 'x' }] }, wanted) })
  }
  if (!relation.isMany) {
    if (test === null) return [not(exists({}))]
    if (!isLoose(test)) throw failure('invalid_argument', `filter ${what}`, 'a relation takes an object or null')
    if (!('is' in test) && !('isNot' in test)) return [exists(test)]
    const all: Expr[] = []
    if (test.is !== undefined) all.push(test.is === null ? not(exists({})) : exists(test.is))
    if (test.isNot !== undefined) all.push(test.isNot === null ? exists({}) : not(exists(test.isNot)))
    return all
  }
  if (!isLoose(test)) throw failure('invalid_argument', `filter ${what}`, 'a list takes some, every or none')
  return Object.entries(test).flatMap(([name, where]) => {
    if (where === undefined) return []
    if (name === 'some') return [exists(where)]
    if (name === 'none') return [not(exists(where))]
    if (name === 'every') return [not(exists(where, true))]
    throw failure(
      'invalid_argument',
      `filter ${what}`,
      `a list has no filter ${JSON.stringify(name)}`,
      'filters are some, every, none',
    )
  })
}
