/**
 * Turns a statement of MySQL's dialect into one of SQLite's. Literals become
 * bound values. What the two would answer differently is turned into what
 * MySQL means, or refused: never guessed.
 */

import { toSql, type SqlValue } from '@rockpool/client/statements'
import { refused } from './errors.ts'
import { nameOf, tokens, type Token } from './tokens.ts'

/** What a statement asks of its session. */
export type Command = 'begin' | 'commit' | 'rollback' | 'run'

/** A statement for SQLite. */
export interface Lowered {
  readonly command: Command
  readonly sql: string
  readonly params: readonly SqlValue[]
}

/** What lowering must know of the database and the session. */
export interface Context {
  /** The stored form of a literal that meets a column of this name in one of these tables. */
  readonly stored: (tables: ReadonlySet<string>, column: string, value: string) => string
  /** The key that the session's last insert was given. */
  readonly lastInsertId: string
  /** The time now, in milliseconds. */
  readonly now: () => number
}

/** Statements that are about the server or change tables. */
const FORBIDDEN = new Set([
  'ALTER',
  'CREATE',
  'DROP',
  'TRUNCATE',
  'RENAME',
  'GRANT',
  'REVOKE',
  'LOCK',
  'UNLOCK',
  'SET',
  'SHOW',
  'USE',
  'DESCRIBE',
  'DESC',
  'CALL',
  'LOAD',
  'ANALYZE',
  'OPTIMIZE',
  'KILL',
  'PRAGMA',
  'ATTACH',
  'DETACH',
  'VACUUM',
  'REINDEX',
  'HANDLER',
  'DO',
])

/** Words that SQLite lacks or understands otherwise. */
const REFUSED_WORDS = new Set([
  'XOR',
  'DIV',
  'REGEXP',
  'RLIKE',
  'SOUNDS',
  'INTERVAL',
  'BINARY',
  'STRAIGHT_JOIN',
  'COLLATE',
  'GLOB',
  'SQL_CALC_FOUND_ROWS',
  'RETURNING',
  'NOTNULL',
  'INFORMATION_SCHEMA',
])

/** Functions of one name that answer otherwise. */
const REFUSED_CALLS = new Set(['LOG', 'FORMAT', 'QUOTE', 'MATCH', 'CONVERT'])

/** Functions by another name. */
const FUNCTIONS: Readonly<Record<string, string>> = {
  IF: 'iif',
  CHAR_LENGTH: 'length',
  CHARACTER_LENGTH: 'length',
  LENGTH: 'octet_length',
  OCTET_LENGTH: 'octet_length',
  LEAST: 'min',
  GREATEST: 'max',
  LOWER: 'pg_lower',
  LCASE: 'pg_lower',
  UPPER: 'pg_upper',
  UCASE: 'pg_upper',
  SUBSTRING: 'substr',
  MID: 'substr',
}

/** What CAST makes of a value. */
const CASTS: Readonly<Record<string, string>> = {
  SIGNED: 'INTEGER',
  UNSIGNED: 'INTEGER',
  CHAR: 'TEXT',
  DOUBLE: 'REAL',
  FLOAT: 'REAL',
}

const COMPARISONS = new Set(['=', '<', '>', '<=', '>=', '<>', '!='])

/** Lowers one statement. @throws `invalid_sql`, `forbidden` for what is not understood or not allowed. */
export function lower(sql: string, context: Context): Lowered {
  const list = tokens(sql)
  while (isSign(list.at(-1), ';')) list.pop()
  if (list.some((token) => isSign(token, ';'))) throw refused('more than one statement at once')
  const command = commandOf(list)
  return command === 'run' ? new Lowering(list, context).lowered() : { command, sql: '', params: [] }
}

function commandOf(list: readonly Token[]): Command {
  const [first, second] = list.map((token) => (token.kind === 'word' ? token.upper : token.text))
  switch (first) {
    case undefined:
      throw refused('an empty statement')
    case 'BEGIN':
      return 'begin'
    case 'START':
      if (second === 'TRANSACTION') return 'begin'
      break
    case 'COMMIT':
      return 'commit'
    case 'ROLLBACK':
      if (second !== 'TO') return 'rollback'
      break
    default:
  }
  if (first !== undefined && FORBIDDEN.has(first)) throw refused(`${first} (tables are made at the source)`)
  return 'run'
}

function isSign(token: Token | undefined, text: string): boolean {
  return token?.kind === 'sign' && token.text === text
}

function isWord(token: Token | undefined, upper: string): boolean {
  return token?.kind === 'word' && token.upper === upper
}

class Lowering {
  readonly #list: readonly Token[]
  readonly #context: Context
  readonly #out: string[] = []
  readonly #params: SqlValue[] = []
  readonly #tables: ReadonlySet<string>
  /** Open parentheses: what a comma becomes inside, and what is written when it closes. */
  readonly #open: { readonly comma: string; readonly close: string }[] = []
  /** Columns of INSERT's VALUES, and the place in its list. */
  #insert: { readonly columns: readonly string[]; depth: number } | undefined
  #at = 0
  #place = 0

  constructor(list: readonly Token[], context: Context) {
    this.#list = list
    this.#context = context
    this.#tables = tablesOf(list)
  }

  lowered(): Lowered {
    this.#insertColumns()
    while (this.#at < this.#list.length) this.#step()
    return { command: 'run', sql: this.#out.join(' '), params: this.#params }
  }

  #peek(ahead = 0): Token | undefined {
    return this.#list[this.#at + ahead]
  }

  #write(text: string): void {
    this.#out.push(text)
  }

  #bind(value: SqlValue): void {
    this.#params.push(value)
    this.#write('?')
  }

  #step(): void {
    const token = this.#peek()
    if (token === undefined) return
    switch (token.kind) {
      case 'number':
        this.#write(token.text)
        break
      case 'bytes':
        this.#bind(token.value)
        break
      case 'text':
        this.#text(token.value)
        break
      case 'name':
        this.#write(identifier(nameOf(token) ?? ''))
        break
      case 'sign':
        this.#sign(token.text)
        return
      case 'word':
        this.#word(token.upper, token.text)
        return
      default: {
        const never: never = token
        void never
      }
    }
    this.#at++
  }

  /** A text is a value, or a name after AS. Neighbours are one text in MySQL. */
  #text(value: string): void {
    if (isWord(this.#list[this.#at - 1], 'AS')) {
      this.#write(identifier(value))
      return
    }
    let whole = value
    for (let next = this.#peek(1); next?.kind === 'text'; next = this.#peek(1)) {
      whole += next.value
      this.#at++
    }
    const column = this.#meets()
    this.#bind(column === undefined ? whole : this.#context.stored(this.#tables, column, whole))
  }

  /** The column that the literal here is written to or compared with. */
  #meets(): string | undefined {
    if (this.#insert?.depth === this.#open.length) return this.#insert.columns[this.#place]
    // Back over a list or BETWEEN's first end to what stands before them.
    let at = this.#at - 1
    const back = () => this.#list[at]
    if (isWord(back(), 'AND') && isWord(this.#list[at - 2], 'BETWEEN')) return nameOf(this.#list[at - 3])
    if (isWord(back(), 'BETWEEN')) return this.#named(at - 1)
    while (
      isSign(back(), ',') ||
      ((back()?.kind === 'text' || back()?.kind === 'number') && isSign(this.#list[at - 1], ',')) ||
      (back()?.kind === 'text' && isSign(this.#list[at - 1], '('))
    )
      at--
    if (isSign(back(), '(') && isWord(this.#list[at - 1], 'IN')) return this.#named(at - 2)
    const sign = this.#list[this.#at - 1]
    return sign?.kind === 'sign' && COMPARISONS.has(sign.text) ? nameOf(this.#list[this.#at - 2]) : undefined
  }

  /** The name at a place, past NOT. */
  #named(at: number): string | undefined {
    return nameOf(this.#list[isWord(this.#list[at], 'NOT') ? at - 1 : at])
  }

  #sign(text: string): void {
    this.#at++
    switch (text) {
      case '||':
        throw refused('|| (OR in MySQL, and it joins texts in SQLite)')
      case '@@':
      case '@':
      case ':=':
        throw refused('a variable')
      case '!':
      case '^':
      case '?':
        throw refused(text)
      case '&&':
        this.#write('AND')
        return
      case '<=>':
        this.#write('IS')
        return
      case '/':
        this.#write('* 1.0 /') // whole numbers divide to a fraction in MySQL
        return
      case '(':
        this.#enter(',', ')')
        this.#write('(')
        return
      case ')': {
        const closed = this.#open.pop()
        if (this.#insert !== undefined && this.#open.length < this.#insert.depth) this.#place = 0
        this.#write(closed?.close ?? ')')
        return
      }
      case ',':
        if (this.#insert?.depth === this.#open.length) this.#place++
        this.#write(this.#open.at(-1)?.comma ?? ',')
        return
      default:
        this.#write(text)
    }
  }

  #enter(comma: string, close: string): void {
    this.#open.push({ comma, close })
    if (this.#insert?.depth === this.#open.length) this.#place = 0
  }

  #word(upper: string, text: string): void {
    const next = this.#peek(1)
    const isCall = isSign(next, '(')
    const before = this.#list[this.#at - 1]
    this.#at++
    if (isSign(before, '.')) {
      this.#write(text)
      return
    }
    switch (upper) {
      case 'INSERT':
        this.#write('INSERT')
        if (this.#take('IGNORE')) this.#write('OR IGNORE')
        if (!isWord(this.#peek(), 'INTO')) this.#write('INTO')
        return
      case 'UPDATE':
      case 'DELETE':
        if (this.#take('IGNORE')) throw refused(`${upper} IGNORE`)
        this.#write(upper)
        return
      case 'VALUE':
        this.#write(isCall ? 'VALUES' : text)
        return
      case 'VALUES':
        if (this.#isAfterDuplicate()) this.#proposed()
        else this.#write('VALUES')
        return
      case 'ON':
        if (isWord(this.#peek(), 'DUPLICATE')) this.#duplicate()
        else this.#write('ON')
        return
      case 'FOR':
        this.#at += isWord(this.#peek(), 'UPDATE') || isWord(this.#peek(), 'SHARE') ? 1 : 0
        if (isWord(this.#peek(), 'NOWAIT')) this.#at++
        if (isWord(this.#peek(), 'SKIP')) this.#at += 2
        return
      case 'LOCK':
        if (!isWord(this.#peek(), 'IN')) throw refused('LOCK')
        this.#at += 3 // IN SHARE MODE: one writer at a time locks more than rows
        return
      case 'FROM':
        if (isWord(this.#peek(), 'DUAL')) this.#at++
        else this.#write('FROM')
        return
      case 'LIKE':
        this.#like()
        return
      case 'MOD':
        this.#write(isCall ? 'mod' : '%')
        return
      case 'CONCAT':
        if (!isCall) break
        this.#at++
        // NULL makes it NULL, as || does and SQLite's concat does not.
        this.#write('((')
        this.#enter(') || (', '))')
        return
      case 'SEPARATOR':
        this.#write(',')
        return
      case 'CAST':
        this.#cast()
        return
      case 'NOW':
      case 'CURRENT_TIMESTAMP':
      case 'UTC_TIMESTAMP':
      case 'LOCALTIMESTAMP':
      case 'SYSDATE':
        this.#arguments(upper, isCall, upper === 'NOW' || upper === 'SYSDATE')
        this.#bind(toSql(new Date(this.#context.now())))
        return
      case 'CURDATE':
      case 'CURRENT_DATE':
        this.#arguments(upper, isCall, upper === 'CURDATE')
        this.#bind(new Date(this.#context.now()).toISOString().slice(0, 10))
        return
      case 'UNIX_TIMESTAMP':
        this.#arguments(upper, isCall, true)
        this.#write(String(Math.floor(this.#context.now() / 1000)))
        return
      case 'LAST_INSERT_ID':
        this.#arguments(upper, isCall, true)
        this.#write(this.#context.lastInsertId)
        return
      case 'DATABASE':
      case 'SCHEMA':
        if (!isCall) break
        this.#arguments(upper, true, true)
        this.#write("'rockpool'")
        return
      default:
    }
    if (REFUSED_WORDS.has(upper) || (isCall && REFUSED_CALLS.has(upper))) throw refused(upper)
    this.#write(isCall ? (FUNCTIONS[upper] ?? text) : text)
  }

  #take(upper: string): boolean {
    if (!isWord(this.#peek(), upper)) return false
    this.#at++
    return true
  }

  /** Steps over the empty parentheses, or a number of digits, of a call that is a value. */
  #arguments(name: string, isCall: boolean, isNeeded: boolean): void {
    if (!isCall) {
      if (isNeeded) throw refused(`${name} without ()`)
      return
    }
    this.#at++
    if (this.#peek()?.kind === 'number') this.#at++
    if (!isSign(this.#peek(), ')')) throw refused(`${name} with arguments`)
    this.#at++
  }

  /** ON DUPLICATE KEY UPDATE. */
  #duplicate(): void {
    this.#at += 3
    this.#insert = undefined
    this.#write('ON CONFLICT DO UPDATE SET')
  }

  #isAfterDuplicate(): boolean {
    return this.#out.includes('ON CONFLICT DO UPDATE SET')
  }

  /** VALUES(column) of ON DUPLICATE KEY UPDATE. */
  #proposed(): void {
    const name = nameOf(this.#peek(1))
    if (!isSign(this.#peek(), '(') || name === undefined || !isSign(this.#peek(2), ')')) throw refused('VALUES here')
    this.#at += 3
    this.#write(`excluded.${identifier(name)}`)
  }

  /** MySQL's patterns have a backslash as their escape, SQLite's none. */
  #like(): void {
    this.#write('LIKE')
    const first = this.#peek()
    const from = this.#at
    const end = isSign(first, '(') || isSign(this.#peek(1), '(') ? this.#closing() : from + 1
    while (this.#at < end) this.#step()
    if (!isWord(this.#peek(), 'ESCAPE')) this.#write("ESCAPE '\\'")
  }

  /** The place behind the parenthesis that closes the next one. */
  #closing(): number {
    let depth = 0
    for (let at = this.#at; at < this.#list.length; at++) {
      if (isSign(this.#list[at], '(')) depth++
      if (isSign(this.#list[at], ')') && --depth === 0) return at + 1
    }
    throw refused('a parenthesis that does not close')
  }

  #cast(): void {
    const end = this.#closing()
    let as = end - 1
    while (as > this.#at && !isWord(this.#list[as], 'AS')) as--
    const target = this.#list[as + 1]
    const type = target?.kind === 'word' ? CASTS[target.upper] : undefined
    if (type === undefined) throw refused(`CAST to ${target?.text ?? 'nothing'}`)
    this.#write('CAST')
    while (this.#at < as) this.#step()
    this.#write(`AS ${type}`)
    this.#at = end - 1 // its length or INTEGER
    this.#step()
  }

  /** Notes which columns INSERT gives values for. */
  #insertColumns(): void {
    const [first] = this.#list
    if (!isWord(first, 'INSERT') && !isWord(first, 'REPLACE')) return
    const open = this.#list.findIndex((token) => isSign(token, '('))
    const values = this.#list.findIndex((token) => isWord(token, 'VALUES') || isWord(token, 'VALUE'))
    if (open < 0 || values < 0) {
      if (this.#list.some((token) => isWord(token, 'SET'))) throw refused('INSERT … SET')
      return
    }
    if (open > values) return
    const columns: string[] = []
    for (let at = open + 1; at < values && !isSign(this.#list[at], ')'); at++) {
      const name = nameOf(this.#list[at])
      if (name !== undefined) columns.push(name)
    }
    // The columns' own list is walked first; its names are no literals.
    this.#insert = { columns, depth: 1 }
  }
}

/** The tables that a statement names. */
function tablesOf(list: readonly Token[]): ReadonlySet<string> {
  const tables = new Set<string>()
  list.forEach((token, at) => {
    if (token.kind !== 'word' || !['FROM', 'JOIN', 'INTO', 'UPDATE', 'INSERT', 'REPLACE'].includes(token.upper)) return
    for (let next = at + 1; ; next += 2) {
      const name = nameOf(list[next])
      if (name !== undefined) tables.add(name)
      if (!isSign(list[next + 1], ',')) return
    }
  })
  return tables
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
