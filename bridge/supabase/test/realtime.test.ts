/** Unmodified supabase-js on the real core, in Node: no network at all. */

import { createClient, type RealtimeChannel, type SupabaseClient } from '@supabase/supabase-js'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { defineSchema, open, type Database } from '@rockpool/client'
import { nodeEnvironment } from '../../client/test/node-core.ts'
import { type LocalSocket, realtimeTransport } from '../src/realtime/transport.ts'

const schema = defineSchema({
  users: {
    key: ['id'],
    columns: {
      id: 'int',
      name: 'text?',
      big: 'bigint?',
      price: 'decimal?',
      ok: 'bool?',
      meta: 'jsonb?',
      tags: { type: 'array?', sourceType: 'text[]' },
      at: 'timestamptz?',
    },
  },
  pets: { key: ['id'], columns: { id: 'int', name: 'text?' } },
})

let db: Database
let files = 0
const clients: SupabaseClient[] = []
beforeEach(async () => {
  db = (await open({
    name: `supabase-${++files}`,
    storage: 'memory',
    schema,
    environment: nodeEnvironment(),
  })) as unknown as Database
})
afterEach(async () => {
  for (const client of clients.splice(0)) {
    await client.removeAllChannels()
    client.realtime.disconnect()
  }
  await db.close()
})

/** A client of a project that is not there: what it does is done in this process. */
function connect(vsn?: '1.0.0' | '2.0.0'): SupabaseClient {
  const client = createClient('http://project.invalid', 'key', {
    auth: { persistSession: false, autoRefreshToken: false },
    realtime: { transport: realtimeTransport(db), ...(vsn !== undefined && { vsn }) },
  })
  clients.push(client)
  return client
}

interface Seen {
  readonly eventType: string
  readonly table: string
  readonly new: Record<string, unknown>
  readonly old: Record<string, unknown>
}

/** Subscribes and waits for both, the status and the system message. */
async function subscribed(channel: RealtimeChannel): Promise<{ status: string; error: string; system: string }> {
  let message = ''
  const system = new Promise<void>((resolve) => {
    channel.on('system', {}, (payload: { message: string; extension: string }) => {
      message = payload.message
      resolve()
    })
  })
  const [status, error] = await new Promise<[string, string]>((resolve) => {
    channel.subscribe((now, why) => {
      resolve([now, why?.message ?? ''])
    })
  })
  if (status === 'SUBSCRIBED') await system
  return { status, error, system: message }
}

/** The events of a channel, and a wait for their number. */
function events(
  channel: RealtimeChannel,
  filter: { event: '*'; schema: string; table?: string; filter?: string },
): { seen: Seen[]; until(n: number): Promise<Seen[]> } {
  const seen: Seen[] = []
  const waiting = new Set<() => void>()
  channel.on('postgres_changes', filter, (payload) => {
    seen.push(payload as unknown as Seen) // as supabase-js calls back
    for (const wake of waiting) wake()
  })
  return {
    seen,
    until: (n) =>
      new Promise((resolve) => {
        const look = () => {
          if (seen.length < n) return
          waiting.delete(look)
          resolve(seen)
        }
        waiting.add(look)
        look()
      }),
  }
}

for (const vsn of ['1.0.0', '2.0.0'] as const) {
  test(`serializer ${vsn}: inserts, updates and deletes of this page, with whole records`, async () => {
    await db.execute([{ type: 'insert', table: 'users', data: { id: 1, name: 'there already' } }])
    const channel = connect(vsn).channel('db-changes')
    const { seen, until } = events(channel, { event: '*', schema: 'public', table: 'users' })
    expect(await subscribed(channel)).toEqual({ status: 'SUBSCRIBED', error: '', system: 'Subscribed to PostgreSQL' })

    const data = {
      id: 2,
      name: 'Ada',
      big: 5,
      price: '1.50',
      ok: true,
      meta: { a: [1] },
      tags: '{x,"y,z"}',
      at: '2026-01-02T03:04:05.678Z',
    }
    await db.execute([{ type: 'insert', table: 'users', data }])
    await until(1)
    await db.execute([{ type: 'update', table: 'users', data: { id: 2, name: 'Ada L.' } }])
    await until(2)
    await db.execute([{ type: 'delete', table: 'users', data: { id: 2 } }])
    await until(3)
    const ada = { ...data, price: 1.5, tags: ['x', 'y,z'], at: '2026-01-02T03:04:05.678+00:00' }
    expect(seen.map(({ eventType, table, new: after, old }) => [eventType, table, after, old])).toEqual([
      ['INSERT', 'users', ada, {}],
      ['UPDATE', 'users', { ...ada, name: 'Ada L.' }, ada],
      ['DELETE', 'users', {}, { ...ada, name: 'Ada L.' }],
    ])
  })
}

test('a filter: what leaves it is a DELETE, what is outside is not told', async () => {
  const channel = connect().channel('filtered')
  const { until } = events(channel, {
    event: '*',
    schema: 'public',
    table: 'users',
    filter: 'id=lt.10,name=neq.hidden',
  })
  await subscribed(channel)
  await db.execute([{ type: 'insert', table: 'users', data: { id: 50, name: 'outside' } }])
  await db.execute([{ type: 'insert', table: 'users', data: { id: 5, name: 'hidden' } }])
  await db.execute([{ type: 'update', table: 'users', data: { id: 5, name: 'shown' } }])
  await until(1)
  await db.execute([{ type: 'update', table: 'users', data: { id: 5, name: 'hidden' } }])
  const seen = await until(2)
  expect(seen.map(({ eventType, old }) => [eventType, old.name])).toEqual([
    ['UPDATE', 'hidden'],
    ['DELETE', 'shown'],
  ])
})

test('bindings of one channel: each hears its own, and a transaction on two tables reaches both', async () => {
  const channel = connect().channel('two')
  const users = events(channel, { event: '*', schema: 'public', table: 'users' })
  const all = events(channel, { event: '*', schema: 'public' })
  await subscribed(channel)
  await db.execute([
    { type: 'insert', table: 'users', data: { id: 1 } },
    { type: 'insert', table: 'pets', data: { id: 1 } },
  ])
  await all.until(2)
  await users.until(1)
  expect(all.seen.map(({ table }) => table).sort()).toEqual(['pets', 'users'])
  expect(users.seen.map(({ table }) => table)).toEqual(['users'])
})

test('what cannot be subscribed to is SUBSCRIBED with an error of the system, as at Supabase', async () => {
  const client = connect()
  const of = async (name: string, binding: { event: '*'; schema: string; table: string; filter?: string }) => {
    const channel = client.channel(name)
    events(channel, binding)
    return (await subscribed(channel)).system
  }
  expect(await of('a', { event: '*', schema: 'public', table: 'nope' })).toContain(
    '[event: *, schema: public, table: nope',
  )
  expect(await of('b', { event: '*', schema: 'private', table: 'users' })).toContain('Please check Realtime is enabled')
  expect(await of('c', { event: '*', schema: 'public', table: 'users', filter: 'nope=eq.1' })).toContain(
    'invalid column for filter nope',
  )
})

test('a channel that is left hears nothing more, and may be joined again', async () => {
  const client = connect()
  const witness = client.channel('witness')
  const all = events(witness, { event: '*', schema: 'public', table: 'users' })
  await subscribed(witness)
  const first = client.channel('again')
  const before = events(first, { event: '*', schema: 'public', table: 'users' })
  await subscribed(first)
  expect(await client.removeChannel(first)).toBe('ok')
  await db.execute([{ type: 'insert', table: 'users', data: { id: 1 } }])
  await all.until(1)
  const second = client.channel('again')
  const after = events(second, { event: '*', schema: 'public', table: 'users' })
  await subscribed(second)
  await db.execute([{ type: 'insert', table: 'users', data: { id: 2 } }])
  expect((await after.until(1)).map((event) => event.new.id)).toEqual([2])
  expect(before.seen).toEqual([])
})

test('broadcasts reach other channels of the topic: JSON and bytes, and oneself when asked', async () => {
  const heard: [string, unknown][] = []
  let wake = () => {}
  const join = async (who: string, self: boolean) => {
    const channel = connect().channel('room', { config: { broadcast: { self, ack: true } } })
    channel.on('broadcast', { event: 'cursor' }, ({ payload }) => {
      heard.push([who, payload instanceof ArrayBuffer ? [...new Uint8Array(payload)] : payload])
      wake()
    })
    await new Promise<void>((resolve) => {
      channel.subscribe((status) => {
        if (status === 'SUBSCRIBED') resolve()
      })
    })
    return channel
  }
  const a = await join('a', false)
  const b = await join('b', true)
  const count = (n: number) =>
    new Promise<void>((resolve) => {
      wake = () => {
        if (heard.length >= n) resolve()
      }
      wake()
    })
  expect(await a.send({ type: 'broadcast', event: 'cursor', payload: { x: 1 } })).toBe('ok')
  await count(1)
  expect(await b.send({ type: 'broadcast', event: 'cursor', payload: new Uint8Array([7, 8]).buffer })).toBe('ok')
  await count(3)
  expect(heard[0]).toEqual(['b', { x: 1 }])
  expect(heard.slice(1).sort()).toEqual([
    ['a', [7, 8]],
    ['b', [7, 8]],
  ])
})

test('presence is refused with a reason, not with silence', async () => {
  const channel = connect().channel('here')
  channel.on('presence', { event: 'sync' }, () => {})
  const { status, system } = await subscribed(channel)
  expect(status).toBe('SUBSCRIBED')
  expect(system).toContain('presence is not supported')
  expect(await channel.track({ here: true })).toBe('error')
})

test('a closed database closes the socket with a reason', async () => {
  const Socket = realtimeTransport(db)
  const socket = new Socket('ws://project.invalid/realtime/v1/websocket?vsn=2.0.0')
  await new Promise((resolve) => {
    socket.onopen = resolve
  })
  const closed = new Promise<CloseEvent>((resolve) => {
    socket.onclose = resolve
  })
  await db.close()
  expect(await closed).toMatchObject({ code: 1001, reason: 'the database is closed' })
  expect(() => socket.send('[]')).toThrow('not open')
})

test('frames that are none close the socket and say what was wrong', async () => {
  const Socket = realtimeTransport(db)
  for (const frame of [
    '',
    '{}',
    '[]',
    '[1]',
    new Uint8Array([9]).buffer,
    new Uint8Array([3, 200, 0, 0, 0, 0, 1]).buffer,
  ]) {
    const socket: LocalSocket = new Socket('ws://project.invalid/realtime/v1/websocket?vsn=2.0.0')
    await new Promise((resolve) => {
      socket.onopen = resolve
    })
    const closed = new Promise<CloseEvent>((resolve) => {
      socket.onclose = resolve
    })
    socket.send(frame)
    const { code, reason } = await closed
    expect(code).toBe(1007)
    expect(reason).toContain('this is no frame of Realtime 2.0.0')
  }
})
