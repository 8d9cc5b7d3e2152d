/// <reference types="node" />

/**
 * The golden files of testdata/golden, which internal/gen writes and Go's own test reads: decoded to what they say and
 * encoded again to the same bytes.
 */

import { readdirSync, readFileSync } from 'node:fs'
import { PAGE_TABLES, RELAY_TABLES } from '@rockpool/worker/tables'
import { describe, expect, it } from 'vitest'
import { decode, encode, learnTables, type Message, type SqlValue } from '../src/codec.ts'
import { RockpoolError } from '../src/error.ts'
import * as changelog from '../src/gen/changelog.ts'
import * as mutation from '../src/gen/mutation.ts'
import * as query from '../src/gen/query.ts'
import * as schema from '../src/gen/schema.ts'
import * as version from '../src/gen/version.ts'
import * as wire from '../src/gen/wire.ts'

learnTables([PAGE_TABLES, RELAY_TABLES].join('\n'))
const modules: Record<string, object> = { changelog, mutation, query, schema, version, wire }
const folder = new URL('../../../testdata/golden/', import.meta.url)
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.bin'))
  .map((name) => name.slice(0, -'.bin'.length))

function isMessage(name: string, found: unknown): found is Message<object> {
  return typeof found === 'number' && name.endsWith('Message')
}

/** The table of "wire.Tx" or "wire.Tx.full". */
function messageOf(name: string): Message<object> {
  const [pkg = '', message = ''] = name.split('.')
  const found: unknown = Reflect.get(modules[pkg] ?? {}, `${message}Message`)
  if (!isMessage(`${message}Message`, found)) throw new Error(`no message ${name}`)
  return found
}

function bytesOf(path: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(path, folder)))
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** What a decoded message says, in the form of the .json files (internal/gen/cases_test.go, render). */
function plain(v: unknown): unknown {
  if (typeof v === 'bigint') return { $int: String(v) }
  if (typeof v === 'number' && (Object.is(v, -0) || (Math.trunc(v) === v && !Number.isSafeInteger(v)))) {
    const view = new DataView(new ArrayBuffer(8))
    view.setFloat64(0, v)
    return { $float: view.getBigUint64(0).toString(16) }
  }
  if (v instanceof Uint8Array) return { $bytes: hex(v) }
  if (Array.isArray(v)) return v.map(plain)
  if (typeof v === 'object' && v !== null) {
    return Object.fromEntries(Object.entries(v).map(([name, one]) => [name, plain(one)]))
  }
  return v
}

describe('golden files', () => {
  it('are there for every message of every package', () => {
    const missing = Object.entries(modules).flatMap(([pkg, module]) =>
      Object.entries(module)
        .filter(([name, found]) => isMessage(name, found))
        .map(([name]) => `${pkg}.${name.slice(0, -'Message'.length)}.full`)
        .filter((name) => !names.includes(name)),
    )
    expect(missing).toEqual([])
    expect(names.length).toBeGreaterThan(100)
  })

  it.each(names)('%s', (name) => {
    const src = bytesOf(`${name}.bin`)
    const message = decode(messageOf(name), src)
    expect(plain(message)).toEqual(JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')))
    expect(hex(encode(messageOf(name), message))).toBe(hex(src))
  })

  const refused: { Why: string; Message: string; Bytes: string }[] = JSON.parse(
    readFileSync(new URL('refused.json', folder), 'utf8'),
  )
  it.each(refused)('refuse $Why', ({ Message, Bytes }) => {
    const run = () => decode(messageOf(Message), Uint8Array.from(Buffer.from(Bytes, 'hex')))
    expect(run).toThrow(RockpoolError)
    expect(run).toThrow(expect.objectContaining({ kind: 'protocol' }))
  })
})

describe('what JavaScript adds', () => {
  const trip = (value: SqlValue) => decode(wire.ShapeArgMessage, encode(wire.ShapeArgMessage, { value })).value

  it('sends safe integers as integers and other numbers as floats', () => {
    const tag = (value: SqlValue) => encode(wire.ShapeArgMessage, { value })[2]
    expect([tag(3), tag(-1), tag(2 ** 53 - 1), tag(7n)]).toEqual([1, 1, 1, 1])
    expect([tag(0.5), tag(-0), tag(2 ** 53), tag(Number.POSITIVE_INFINITY)]).toEqual([2, 2, 2, 2])
    expect(trip(Number.NaN)).toBeNull()
    expect([trip(2n ** 63n - 1n), trip(7n)]).toEqual([2n ** 63n - 1n, 7])
  })

  it('takes a message with fields left out for one with zeros', () => {
    expect(decode(wire.QueryMessage, encode(wire.QueryMessage, { sql: 'select 1' }))).toEqual({
      sql: 'select 1',
      args: [],
      lane: wire.Lane.LaneInteractive,
      deadlineMillis: 0,
      idempotencyKey: '',
      standing: '',
    })
  })

  it.each<[string, () => unknown]>([
    ['an integer beyond 64 bits', () => encode(wire.ShapeArgMessage, { value: 2n ** 63n })],
    ['an unsigned field below zero', () => encode(wire.CancelMessage, { call: -1 })],
    ['a fraction where an integer goes', () => encode(wire.CancelMessage, { call: 1.5 })],
    ['a number beyond 2^53', () => encode(wire.ReceivedMessage, { mid: 2 ** 53 })],
    ['a Date as an SQL value', () => encode(wire.ShapeArgMessage, Object({ value: new Date() }))],
  ])('refuses to send %s', (_, run) => {
    expect(run).toThrow(expect.objectContaining({ kind: 'invalid_argument' }))
  })

  it('refuses a sequence beyond 2^53 rather than round it', () => {
    const src = Uint8Array.from([16, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10])
    expect(() => decode(version.PosMessage, src)).toThrow(expect.objectContaining({ kind: 'protocol' }))
  })

  it('shares nothing with the bytes that it read', () => {
    const src = encode(wire.BlockMessage, { data: Uint8Array.of(1, 2, 3) })
    const block = decode(wire.BlockMessage, src)
    src.fill(0)
    expect([...block.data]).toEqual([1, 2, 3])
  })
})
