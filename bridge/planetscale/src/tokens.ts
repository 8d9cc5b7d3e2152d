/** Cuts MySQL's text into tokens: what is a literal there becomes a value here, never text again. */

import { refused } from './errors.ts'

/** One token. `text` is as written; a word's `upper` is its capitals, a literal's `value` what it stands for. */
export type Token =
  | { readonly kind: 'word'; readonly text: string; readonly upper: string }
  | { readonly kind: 'name'; readonly text: string }
  | { readonly kind: 'text'; readonly text: string; readonly value: string }
  | { readonly kind: 'bytes'; readonly text: string; readonly value: Uint8Array }
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'sign'; readonly text: string }

/** Longest first. */
const SIGNS = ['<=>', '->>', '<=', '>=', '<>', '!=', '||', '&&', '<<', '>>', '->', ':=', '@@']

/** What a backslash and a letter stand for, https://dev.mysql.com/doc/refman/8.4/en/string-literals.html. */
const ESCAPES: Readonly<Record<string, string>> = { '0': '\0', b: '\b', n: '\n', r: '\r', t: '\t', Z: '\x1a' }

/** @throws `invalid_sql` for a literal or comment that does not end, and for executable comments. */
export function tokens(sql: string): Token[] {
  const list: Token[] = []
  let at = 0
  while (at < sql.length) {
    const rest = sql.slice(at)
    const blank = /^(?:\s+|#[^\n]*|--(?=\s|$)[^\n]*)/.exec(rest)?.[0]
    if (blank !== undefined) {
      at += blank.length
      continue
    }
    if (rest.startsWith('/*')) {
      if (rest.startsWith('/*!')) throw refused('comments that MySQL runs', at)
      const end = sql.indexOf('*/', at + 2)
      if (end < 0) throw refused('a comment that does not end', at)
      at = end + 2
      continue
    }
    const token = literal(sql, at) ?? plain(rest)
    if (token === undefined) throw refused(`the character ${JSON.stringify(rest[0])}`, at)
    list.push(token)
    at += token.text.length
  }
  return list
}

function plain(rest: string): Token | undefined {
  const number = /^(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w$])/.exec(rest)?.[0]
  if (number !== undefined) return { kind: 'number', text: number }
  const word = /^[\p{L}_$][\p{L}\p{N}_$]*/u.exec(rest)?.[0]
  if (word !== undefined) return { kind: 'word', text: word, upper: word.toUpperCase() }
  const sign = SIGNS.find((one) => rest.startsWith(one)) ?? /^[-+*/%=<>(),.;?!~&|^@:]/.exec(rest)?.[0]
  return sign === undefined ? undefined : { kind: 'sign', text: sign }
}

function literal(sql: string, at: number): Token | undefined {
  const first = sql[at] ?? ''
  if (first === "'" || first === '"') return quoted(sql, at)
  if (first === '`') {
    const text = /^`(?:[^`]|``)+`/.exec(sql.slice(at))?.[0]
    if (text === undefined) throw refused('a name that does not end', at)
    return { kind: 'name', text }
  }
  const hex = /^(?:[xX]'([0-9a-fA-F]*)'|0x([0-9a-fA-F]+)(?![\w$]))/.exec(sql.slice(at))
  if (hex === null) return undefined
  const digits = hex[1] ?? hex[2] ?? ''
  if (digits.length % 2 !== 0) throw refused('hexadecimal of half a byte', at)
  return {
    kind: 'bytes',
    text: hex[0],
    value: Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)),
  }
}

function quoted(sql: string, from: number): Token {
  const quote = sql[from] ?? ''
  let value = ''
  for (let at = from + 1; at < sql.length; at++) {
    const one = sql[at] ?? ''
    if (one === '\\') {
      at++
      const next = sql[at] ?? ''
      // A wildcard stays escaped: LIKE wants it so, and MySQL keeps the backslash elsewhere too.
      value += next === '%' || next === '_' ? `\\${next}` : (ESCAPES[next] ?? next)
    } else if (one !== quote) value += one
    else if (sql[at + 1] === quote) {
      value += quote
      at++
    } else return { kind: 'text', text: sql.slice(from, at + 1), value }
  }
  throw refused('a text that does not end', from)
}

/** The name that a word or a quoted name stands for; undefined for other tokens. */
export function nameOf(token: Token | undefined): string | undefined {
  if (token?.kind === 'word') return token.text
  if (token?.kind === 'name') return token.text.slice(1, -1).replaceAll('``', '`')
  return undefined
}
