/**
 * Interprets tables of messages: the twin of Go's package codec (layout there). A page has the tables of what it says
 * first; those of all else its Worker brings (learnTables), so that they are no part of the page's code.
 *
 * A table is one word a field, in order of their numbers from 1 (a number before the kind where one is left out; behind
 * the name, after a colon, the number of the field's own table):
 * `B` boolean · `U` unsigned and `I` signed integer, a number, refused beyond ±(2^53 − 1) · `X` unsigned as bigint ·
 * `W` signed, number where safe, else bigint · `S` text · `Y` bytes · `L` texts · `P` unsigned integers ·
 * `V` SQL value · `R` SQL row · `M` message · `O` message or null · `A` messages.
 */

import { failure } from './error.ts'
import { HELLO_TABLES } from './gen/hello-tables.ts'

/**
 * One SQL value. Integers are numbers where safe, else bigints. JavaScript has one number type: a number that is a safe
 * integer (but not −0) is sent as an integer, any other as a float, NaN as NULL. A column of type float takes integers.
 */
export type SqlValue = null | number | bigint | string | Uint8Array

/** The number of a message's table. */
export type Message<T> = number & { readonly message?: T }

/** What may be encoded as `T`: fields that are left out have the zero value. */
export type Init<T> = T extends SqlValue | boolean
  ? T
  : T extends readonly (infer E)[]
    ? readonly Init<E>[]
    : { readonly [K in keyof T]?: Init<T[K]> | undefined }

interface Field {
  readonly id: number
  readonly kind: string
  readonly name: string
  /** The table of `M`, `O` and `A`. */
  readonly of: number
}

const DEPTH_MAX = 64
let tables = HELLO_TABLES.split('\n')
let parsed: (readonly Field[])[] = []

/** Takes the tables that a Worker brings, in order of their numbers behind HELLO_TABLES, a line each. */
export function learnTables(text: string): void {
  tables = [HELLO_TABLES, text].join('\n').split('\n')
  parsed = []
}

function fieldsOf(type: number): readonly Field[] {
  let fields = parsed[type]
  if (!fields) {
    const table = tables[type] ?? refuse(`no Worker has told table ${type}`)
    let id = 0
    fields = Array.from(table.matchAll(/(\d*)([A-Z])(\w+):?(\d*)/g), ([, number, kind = '', name = '', of]) => {
      id = Number(number) || id + 1
      return { id, kind, name, of: Number(of) }
    })
    parsed[type] = fields
  }
  return fields
}

function refuse(message: string): never {
  throw failure('protocol', 'decode message', message)
}
function invalid(message: string): never {
  throw failure('invalid_argument', 'encode message', message)
}

/** UTF-8 bytes of one UTF-16 unit at most. */
const UTF8_BYTES_MAX = 3
/** UTF-16 units of a text that is written without the encoder while it is ASCII. */
const SHORT_TEXT = 64

const utf8 = new TextEncoder()
const text = new TextDecoder('utf-8', { ignoreBOM: true })
const safe = Number.isSafeInteger

/** Bytes that stay free before an encoded message, in its buffer: for a frame's header. */
export const HEAD_BYTES = 8
/** Bytes of a writer that is kept for the next message. */
const WRITER_BYTES = 4096

/** Appends bytes; its buffer grows. */
class Writer {
  #bytes = new Uint8Array(WRITER_BYTES)
  #view = new DataView(this.#bytes.buffer)
  length = HEAD_BYTES

  #room(n: number): number {
    const at = this.length
    this.length += n
    if (this.length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.length, 2 * this.#bytes.length))
      grown.set(this.#bytes)
      this.#bytes = grown
      this.#view = new DataView(grown.buffer)
    }
    return at
  }

  /** What was written, valid until more is. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(HEAD_BYTES, this.length)
  }
  /** What was written, in a buffer of its own. */
  take(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#bytes.buffer.slice(0, this.length), HEAD_BYTES)
  }
  byte(v: number): void {
    const at = this.#room(1) // first: it may renew the view
    this.#view.setUint8(at, v)
  }
  /** Writes bytes and returns how many. */
  raw(v: Uint8Array): number {
    const at = this.#room(v.length)
    this.#bytes.set(v, at)
    return v.length
  }
  float(v: number): void {
    const at = this.#room(8)
    this.#view.setFloat64(at, v, true)
  }

  uvarint(v: number | bigint): void {
    for (; v >= 128; v = typeof v === 'bigint' ? v >> 7n : Math.floor(v / 128))
      this.byte(Number(typeof v === 'bigint' ? v & 127n : v % 128) | 128)
    this.byte(Number(v))
  }

  /** A field of which `fill` writes the content; the length goes before it. */
  block(id: number, fill: () => void, keepEmpty = false): void {
    const start = this.length
    this.uvarint(id * 8 + 2)
    const at = this.#room(1)
    fill()
    const n = this.length - at - 1
    if (n === 0 && !keepEmpty) {
      this.length = start
      return
    }
    if (n >= 128) {
      let extra = 0
      for (let rest = n >> 7; rest > 0; rest >>= 7) extra++
      this.#room(extra)
      this.#bytes.copyWithin(at + 1 + extra, at + 1, at + 1 + n)
    }
    const end = this.length
    this.length = at
    this.uvarint(n)
    this.length = end
  }

  value(v: SqlValue): void {
    if (v === null || Number.isNaN(v)) this.byte(0)
    else if (typeof v === 'bigint' || (typeof v === 'number' && safe(v) && !Object.is(v, -0))) this.#integer(v)
    else if (typeof v === 'number') {
      this.byte(2)
      this.float(v)
    } else {
      const isText = typeof v === 'string'
      if (!isText && !(v instanceof Uint8Array)) invalid(`${typeof v} is no SQL value`)
      this.byte(isText ? 3 : 4)
      const at = this.#room(4)
      const n = isText ? this.text(v) : this.raw(v)
      this.#view.setUint32(at, n, true)
    }
  }

  /** Writes text in place and returns its length: a call of the encoder costs more than a short text's own bytes. */
  text(v: string): number {
    const from = this.#room(UTF8_BYTES_MAX * v.length)
    const bytes = this.#bytes
    let units = 0
    if (v.length <= SHORT_TEXT) {
      for (; units < v.length; units++) {
        const unit = v.charCodeAt(units)
        if (unit > 127) break
        bytes[from + units] = unit
      }
    }
    let n = units
    if (units < v.length) n += utf8.encodeInto(units === 0 ? v : v.slice(units), bytes.subarray(from + units)).written
    this.length = from + n
    return n
  }

  #integer(v: number | bigint): void {
    this.byte(1)
    const at = this.#room(8)
    if (typeof v === 'bigint') {
      this.#view.setBigInt64(at, BigInt(checked(v, 'an SQL value', true)), true)
    } else {
      this.#view.setUint32(at, v >>> 0, true)
      this.#view.setInt32(at + 4, Math.floor(v / 2 ** 32), true)
    }
  }
}

let idle: Writer | undefined

/** Runs `fill` on a writer: the one that is kept, unless encoding has led to encoding. */
function written(fill: (w: Writer) => void): Uint8Array<ArrayBuffer> {
  const w = idle ?? new Writer()
  idle = undefined
  fill(w)
  const bytes = w.take()
  if (bytes.length < WRITER_BYTES) {
    w.length = HEAD_BYTES
    idle = w
  }
  return bytes
}

/** @throws for what is no integer, or has more than 64 bits. */
function checked(v: number | bigint, name: string, isSigned: boolean): number | bigint {
  const fits =
    typeof v === 'bigint' ? BigInt[isSigned ? 'asIntN' : 'asUintN'](64, v) === v : safe(v) && (isSigned || v >= 0)
  return fits ? v : invalid(`${name} is no integer of 64 bits`)
}

function zigzag(v: number | bigint): number | bigint {
  if (typeof v === 'number' && Math.abs(v) < 2 ** 52) return v < 0 ? -2 * v - 1 : 2 * v
  const big = BigInt(v)
  return big < 0n ? -2n * big - 1n : 2n * big
}

function writeMessage(w: Writer, type: number, message: object): void {
  const from = message as Record<string, never> // the table describes it
  for (const field of fieldsOf(type)) {
    const { id, kind, name } = field
    const v = from[name]
    if (v === undefined || v === null) continue
    if (isNumber(kind)) writeNumber(w, field, v)
    else for (const one of isList(kind) ? v : [v]) w.block(id, () => writeContent(w, field, one), 'LAO'.includes(kind))
  }
}

function isNumber(kind: string): boolean {
  return 'BUXIW'.includes(kind)
}
function isSigned(kind: string): boolean {
  return 'IW'.includes(kind)
}
/** Whether the field comes once for each element. */
function isList(kind: string): boolean {
  return 'LA'.includes(kind)
}

function writeNumber(w: Writer, { id, kind, name }: Field, v: number | bigint | boolean): void {
  const n = typeof v === 'boolean' ? Number(v) : checked(v, name, isSigned(kind))
  if (!n) return
  w.uvarint(id * 8)
  w.uvarint(isSigned(kind) ? zigzag(n) : n)
}

// The table says what v is; that is taken on trust, so v is `never`, which fits every type.
function writeContent(w: Writer, { kind, name, of }: Field, v: never): void {
  if ('SL'.includes(kind)) w.text(v)
  else if (kind === 'Y') w.raw(v)
  else if ('MOA'.includes(kind)) writeMessage(w, of, v)
  else
    for (const one of (kind === 'V' ? [v] : v) as never[])
      kind === 'P' ? w.uvarint(checked(one, name, false)) : w.value(one)
}

/** Bytes of a text that is read without the decoder while it is ASCII. */
const SHORT_BYTES = 32

/** Decodes UTF-8: a call of the decoder costs more than a short text's own bytes. */
export function textOf(bytes: Uint8Array): string {
  if (bytes.length > SHORT_BYTES) return text.decode(bytes)
  let out = ''
  for (const byte of bytes) {
    if (byte > 127) return text.decode(bytes)
    out += String.fromCharCode(byte)
  }
  return out
}

/** Walks bytes from `at` to `end`. */
class Reader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  at = 0
  end: number

  constructor(src: Uint8Array) {
    this.#bytes = src
    this.#view = new DataView(src.buffer, src.byteOffset, src.length)
    this.end = src.length
  }

  /** Moves over `n` bytes and returns where they begin. */
  step(n: number): number {
    const at = this.at
    if (n > this.end - at) refuse('a field is cut short')
    this.at += n
    return at
  }

  byte(): number {
    return this.#view.getUint8(this.step(1))
  }
  float(): number {
    return this.#view.getFloat64(this.step(8), true)
  }
  raw(n: number): Uint8Array {
    const at = this.step(n)
    return this.#bytes.subarray(at, at + n)
  }

  uvarint(): number | bigint {
    let low = 0
    for (let scale = 1; scale < 2 ** 49; scale *= 128) {
      const b = this.byte()
      low += (b & 127) * scale
      if (b < 128) return low
    }
    let v = BigInt(low)
    for (let shift = 49n; shift < 70n; shift += 7n) {
      const b = this.byte()
      if (shift === 63n && b > 1) break
      v |= BigInt(b & 127) << shift
      if (b < 128) return v <= Number.MAX_SAFE_INTEGER ? Number(v) : v
    }
    return refuse('a number is too large')
  }

  size(): number {
    const n = this.uvarint()
    if (n > this.end - this.at) refuse('a field is cut short')
    return Number(n)
  }

  /** What is left. */
  rest(): Uint8Array {
    return this.raw(this.end - this.at)
  }

  value(): SqlValue {
    const tag = this.byte()
    if (tag === 0) return null
    if (tag > 4) refuse('an SQL value is of no known type')
    if (tag === 2) {
      const v = this.float()
      return Number.isNaN(v) ? null : v
    }
    if (tag === 1) {
      const at = this.step(8)
      const v = this.#view.getUint32(at, true) + this.#view.getInt32(at + 4, true) * 2 ** 32
      return safe(v) ? v : this.#view.getBigInt64(at, true)
    }
    const bytes = this.raw(this.#view.getUint32(this.step(4), true))
    return tag === 3 ? textOf(bytes) : bytes.slice()
  }
}

function narrow(v: number | bigint): number {
  if (typeof v === 'bigint') refuse('a number is too large')
  return v
}

function unzigzag(v: number | bigint): number | bigint {
  if (typeof v === 'number') return v % 2 ? -(v + 1) / 2 : v / 2
  const big = v & 1n ? -(v >> 1n) - 1n : v >> 1n
  return safe(Number(big)) ? Number(big) : big
}

/** What a field of a kind holds when it was left out. */
function zero(kind: string): unknown {
  if ('LPRA'.includes(kind)) return []
  if ('VO'.includes(kind)) return null
  if (kind === 'S') return ''
  if (kind === 'Y') return new Uint8Array()
  if (kind === 'B') return false
  return kind === 'X' ? 0n : 0
}

function zeroOf(type: number): Record<string, unknown> {
  const out: Record<string, unknown> = {}
  for (const { kind, name, of } of fieldsOf(type)) out[name] = kind === 'M' ? zeroOf(of) : zero(kind)
  return out
}

function skip(r: Reader, form: number): void {
  if (form === 0) r.uvarint()
  else r.step(form === 1 ? 8 : r.size())
}

/** Reads up to `limit` fields into `out`; whether more are left. */
function readFields(r: Reader, type: number, out: Record<string, unknown>, depth: number, limit: number): boolean {
  if (depth > DEPTH_MAX) refuse('messages are nested too deep')
  const fields = fieldsOf(type)
  for (; r.at < r.end && limit > 0; limit--) {
    const key = narrow(r.uvarint())
    const form = key % 8
    const id = (key - form) / 8
    if (form > 2 || id === 0 || id >= 2 ** 29) refuse('a field is of no known type')
    const next = fields[id - 1] // where no number is left out
    const field = next?.id === id ? next : fields.find((f) => f.id === id)
    if (!field) {
      skip(r, form)
      continue
    }
    const { kind, name } = field
    if (form !== (isNumber(kind) ? 0 : 2)) refuse(`${name} is of another type`)
    if (form === 0) out[name] = readNumber(r, field)
    else {
      const outer = r.end
      r.end = r.size() + r.at
      const one = readContent(r, field, depth)
      r.end = outer
      if (isList(kind))
        (out[name] as unknown[]).push(one) // zeroOf made it
      else out[name] = one
    }
  }
  return r.at < r.end
}

function readNumber(r: Reader, { kind, name }: Field): unknown {
  const v = r.uvarint()
  if (kind === 'B') return v === 1 || (v !== 0 && refuse(`${name} is of another type`))
  if (kind === 'X') return BigInt(v)
  const n = isSigned(kind) ? unzigzag(v) : v
  return kind === 'W' ? n : narrow(n)
}

/** Reads what is left as the content of a field with a length. */
function readContent(r: Reader, { kind, name, of }: Field, depth: number): unknown {
  if ('SL'.includes(kind)) return textOf(r.rest())
  if (kind === 'Y') return r.rest().slice()
  if ('MOA'.includes(kind)) {
    const message = zeroOf(of)
    readFields(r, of, message, depth + 1, Infinity)
    return message
  }
  const list: unknown[] = []
  while (r.at < r.end) list.push(kind === 'P' ? narrow(r.uvarint()) : r.value())
  if (kind !== 'V') return list
  return list.length === 1 ? list[0] : refuse(`${name} is of another type`)
}

/** Encodes a message by its table, with HEAD_BYTES free before it in its buffer. @throws {@link RockpoolError} of kind `invalid_argument` for a number that does not fit. */
export function encode<T>(type: Message<T>, message: Init<T>): Uint8Array<ArrayBuffer> {
  return written((w) => {
    writeMessage(w, type, message as object)
  })
}

/** One bytes field of a message, encoded, in two parts: to be joined with the other fields without a copy between. */
export function bytesField<T>(type: Message<T>, name: keyof T & string, bytes: Uint8Array): Uint8Array[] {
  const id = fieldsOf(type).find((field) => field.name === name)?.id ?? 0
  const key = written((w) => {
    w.uvarint(id * 8 + 2)
    w.uvarint(bytes.length)
  })
  return [key, bytes]
}

/** The parts of a message as one: each field stands in one of them, a list in several. HEAD_BYTES before it are free. */
export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const whole = new Uint8Array(new ArrayBuffer(HEAD_BYTES + length), HEAD_BYTES)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** A long message that is decoded some fields at a time. */
export interface Decoding<T> {
  /** Decodes up to `fields` more; whether more are left. @throws {@link RockpoolError} of kind `protocol`. */
  step(fields: number): boolean
  /** What was decoded so far. */
  readonly message: T
}

/** Begins to decode a message; it shares nothing with `src`. */
export function decoding<T>(type: Message<T>, src: Uint8Array): Decoding<T> {
  const reader = new Reader(src)
  const message = zeroOf(type)
  return { step: (fields) => readFields(reader, type, message, 0, fields), message: message as T }
}

/** Decodes a message by its table; the result shares nothing with `src`. @throws {@link RockpoolError} of kind `protocol`. */
export function decode<T>(type: Message<T>, src: Uint8Array): T {
  const { step, message } = decoding(type, src)
  step(Infinity)
  return message
}

/** Encodes SQL values one after the other, tagged. @throws {@link RockpoolError} of kind `invalid_argument`. */
export function encodeRow(values: readonly SqlValue[]): Uint8Array<ArrayBuffer> {
  return written((w) => {
    for (const v of values) w.value(v)
  })
}

/** Sets of SQL values that are encoded some at a time. */
export interface SetsEncoding {
  /** Encodes up to `limit` more; whether more are left. @throws {@link RockpoolError} of kind `wrong_parameters` for a set of another length. */
  step(limit: number): boolean
  /** The bytes so far, which the next step may overwrite. */
  readonly bytes: Uint8Array
}

/**
 * Encodes sets of SQL values, all of one length, one after the other, some at a time: call `step` until it returns
 * false. `lower` makes what is neither number, text nor null an SQL value.
 */
export function encodingSets(
  sets: readonly (readonly unknown[])[],
  lower: (value: unknown, set: number, at: number) => SqlValue,
): SetsEncoding {
  const w = new Writer()
  const length = sets[0]?.length ?? 0
  let set = 0
  return {
    step: (limit) => {
      for (const end = Math.min(set + limit, sets.length); set < end; set++) {
        const values = sets[set] ?? []
        if (values.length !== length) {
          throw failure(
            'wrong_parameters',
            'encode sets',
            `set ${set + 1} has ${values.length} values, the first ${length}`,
            'give each set one value for each ? in the text',
          )
        }
        for (let at = 0; at < length; at++) {
          const value = values[at]
          w.value(
            typeof value === 'number' || typeof value === 'string' || value === null ? value : lower(value, set, at),
          )
        }
      }
      return set < sets.length
    },
    get bytes() {
      return w.bytes
    },
  }
}

/** Decodes rows of `n` tagged SQL values each, all of `src`. @throws {@link RockpoolError} of kind `protocol`. */
export function decodeRows(src: Uint8Array, n: number): SqlValue[][] {
  const r = new Reader(src)
  const rows: SqlValue[][] = []
  while (r.at < r.end) rows.push(Array.from({ length: n }, () => r.value()))
  return rows
}

/** Decodes `n` tagged SQL values from the start of `src`. @throws {@link RockpoolError} of kind `protocol`. */
export function decodeRow(src: Uint8Array, n: number): SqlValue[] {
  const r = new Reader(src)
  return Array.from({ length: n }, () => r.value())
}
