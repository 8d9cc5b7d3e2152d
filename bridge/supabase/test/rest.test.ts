/** Unmodified supabase-js on the real core, in Node: its requests are answered by the local database. */

import { createClient, type SupabaseClient } from '@supabase/supabase-js'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { defineSchema, open, type Database } from '@rockpool/client'
import { nodeEnvironment } from '../../client/test/node-core.ts'
import { realtimeTransport } from '../src/realtime/transport.ts'
import { localFetch } from '../src/rest/fetch.ts'

const schema = defineSchema({
  users: {
    key: ['id'],
    columns: {
      id: 'int',
      name: 'text?',
      email: 'text?',
      ok: 'bool?',
      price: 'decimal?',
      meta: 'jsonb?',
      at: 'timestamptz?',
    },
    unique: [['email']],
  },
  pets: {
    key: ['id'],
    columns: { id: 'int', owner: 'int' },
    foreign: [{ columns: ['owner'], table: 'users', references: ['id'] }],
    checks: { small: 'id < 100' },
  },
  notes: { key: ['id'], columns: { id: 'int', body: 'text' } },
})

let db: Database
let supabase: SupabaseClient
const asked: string[] = []
beforeAll(async () => {
  db = (await open({
    name: 'rest',
    storage: 'memory',
    schema,
    environment: nodeEnvironment(),
  })) as unknown as Database
  supabase = createClient('http://project.invalid', 'key', {
    auth: { persistSession: false, autoRefreshToken: false },
    realtime: { transport: realtimeTransport(db) },
    global: {
      fetch: localFetch(db, async (input) => {
        asked.push(new URL(String(input)).pathname)
        throw new TypeError('no network')
      }),
    },
  })
  const rows = [
    { id: 1, name: 'Ada', email: 'a@x', ok: true, price: '9.50', meta: { k: [1] }, at: '2026-01-02T03:04:05Z' },
    { id: 2, name: 'bob', email: 'b@x', ok: false, price: '10' },
    { id: 3, name: 'Cy,"d"', email: 'c@x' },
    { id: 4 },
  ]
  expect(await supabase.from('users').insert(rows.slice(0, 1))).toMatchObject({ status: 201, data: null, error: null })
  expect(await supabase.from('users').insert(rows.slice(1))).toMatchObject({ status: 201, error: null })
})
afterAll(async () => {
  await db.close()
})

test('rows are shown as PostgREST shows them; columns are chosen and renamed', async () => {
  const { data, error, status } = await supabase.from('users').select().eq('id', 1)
  expect([status, error]).toEqual([200, null])
  const ada = {
    id: 1,
    name: 'Ada',
    email: 'a@x',
    ok: true,
    price: 9.5,
    meta: { k: [1] },
    at: '2026-01-02T03:04:05+00:00',
  }
  expect(data).toEqual([ada])
  const some = await supabase.from('users').select('id, who:name').order('id').limit(2)
  expect(some.data).toEqual([
    { id: 1, who: 'Ada' },
    { id: 2, who: 'bob' },
  ])
})

test('filters', async () => {
  const users = () => supabase.from('users').select('id').order('id')
  const cases: Record<string, [PromiseLike<{ data: { id: number }[] | null; error: unknown }>, number[]]> = {
    eq: [users().eq('name', 'bob'), [2]],
    neq: [users().neq('name', 'bob'), [1, 3]],
    gt: [users().gt('price', '9.5'), [2]],
    gte: [users().gte('price', '9.5'), [1, 2]],
    lt: [users().lt('id', 2), [1]],
    lte: [users().lte('id', 2), [1, 2]],
    like: [users().like('name', 'a%'), []],
    ilike: [users().ilike('name', 'a%'), [1]],
    in: [users().in('name', ['bob', 'Ada']), [1, 2]],
    'in of none': [users().in('id', []), []],
    'is null': [users().is('name', null), [4]],
    'is true': [users().is('ok', true), [1]],
    'is false': [users().is('ok', false), [2]],
    'not is null': [users().not('name', 'is', null), [1, 2, 3]],
    'not in': [users().not('id', 'in', '(1,2)'), [3, 4]],
    or: [users().or('id.eq.1,name.eq.bob'), [1, 2]],
    'or of and': [users().or('and(id.gt.1,ok.is.false),name.is.null'), [2, 4]],
    'or, quoted': [users().or('name.eq."Cy,\\"d\\"",id.eq.2'), [2, 3]],
    'or of not': [users().or('id.not.lt.4,not.and(id.gt.1,id.lt.9)'), [1, 4]],
    moment: [users().gt('at', '2026-01-02T04:04:04+01:00'), [1]],
    two: [users().gt('id', 1).lt('id', 4), [2, 3]],
  }
  for (const [name, [query, ids]] of Object.entries(cases)) {
    const { data, error } = await query
    expect([name, error, data?.map((row) => row.id)]).toEqual([name, null, ids])
  }
})

test('order, range and count', async () => {
  const names = async (ascending: boolean, nullsFirst?: boolean) => {
    const options = nullsFirst === undefined ? { ascending } : { ascending, nullsFirst }
    return (await supabase.from('users').select('id').order('ok', options).order('id')).data?.map((row) => row.id)
  }
  expect(await names(true)).toEqual([2, 1, 3, 4])
  expect(await names(true, true)).toEqual([3, 4, 2, 1])
  expect(await names(false)).toEqual([3, 4, 1, 2])
  expect(await names(false, false)).toEqual([1, 2, 3, 4])
  const page = await supabase.from('users').select('id', { count: 'exact' }).order('id').range(1, 2)
  expect([page.status, page.count, page.data]).toEqual([206, 4, [{ id: 2 }, { id: 3 }]])
  const request = async (query: string, headers: Record<string, string> = {}) =>
    (await localFetch(db)(`http://project.invalid/rest/v1/users?select=id&order=id${query}`, { headers })).json()
  expect(await request('&offset=2')).toEqual([{ id: 3 }, { id: 4 }])
  expect(await request('', { range: '1-2' })).toEqual([{ id: 2 }, { id: 3 }])
  const head = await supabase.from('users').select('*', { count: 'exact', head: true })
  expect([head.status, head.count, head.data]).toEqual([200, 4, null])
  const beyond = await supabase.from('users').select('*', { count: 'exact' }).range(10, 11)
  expect([beyond.status, beyond.error?.code]).toEqual([416, 'PGRST103'])
})

test('single and maybeSingle', async () => {
  expect((await supabase.from('users').select('id').eq('id', 1).single()).data).toEqual({ id: 1 })
  expect((await supabase.from('users').select('id').eq('id', 9).maybeSingle()).data).toBeNull()
  const none = await supabase.from('users').select('id').eq('id', 9).single()
  expect([none.status, none.error]).toMatchObject([
    406,
    {
      code: 'PGRST116',
      details: 'The result contains 0 rows',
      hint: null,
      message: 'Cannot coerce the result to a single JSON object',
    },
  ])
})

test('rows of other tables come within rows', async () => {
  expect(
    (
      await supabase.from('pets').insert([
        { id: 1, owner: 1 },
        { id: 2, owner: 1 },
      ])
    ).error,
  ).toBeNull()
  const owners = await supabase
    .from('users')
    .select('name, pets(id)')
    .lte('id', 2)
    .order('id')
    .order('id', { referencedTable: 'pets', ascending: false })
  expect(owners.data).toEqual([
    { name: 'Ada', pets: [{ id: 2 }, { id: 1 }] },
    { name: 'bob', pets: [] },
  ])
  const pets = await supabase
    .from('pets')
    .select('id, owner:users!inner(name, price::text)')
    .eq('owner.name', 'Ada')
    .order('id')
    .limit(1)
  expect([pets.error, pets.data]).toEqual([null, [{ id: 1, owner: { name: 'Ada', price: '9.5' } }]])
  const counted = await supabase.from('users').select('id, meta->k, pets(count)').eq('meta->k->>0', '1')
  expect(counted.data).toEqual([{ id: 1, k: [1], pets: [{ count: 2 }] }])
  expect((await supabase.from('pets').delete().gt('id', 0)).error).toBeNull()
})

test('an upsert on another key than the primary one', async () => {
  const { data, error } = await supabase
    .from('users')
    .upsert({ id: 2, email: 'b@x', name: 'Bob' }, { onConflict: 'email' })
    .select('id, name')
  expect([error, data]).toEqual([null, [{ id: 2, name: 'Bob' }]])
  expect((await supabase.from('users').update({ name: 'bob' }).eq('id', 2)).status).toBe(204)
})

test('a table as CSV', async () => {
  const { data } = await supabase.from('users').select('id, name').order('id').limit(3).csv()
  expect(data).toBe('id,name\n1,Ada\n2,bob\n3,"Cy,""d"""')
})

test('writes are queued mutations, one a request', async () => {
  const before = (await db.outbox.list()).length
  const inserted = await supabase.from('notes').insert({ id: 1, body: 'one' }).select().single()
  expect([inserted.status, inserted.data]).toEqual([201, { id: 1, body: 'one' }])
  const both = await supabase
    .from('notes')
    .upsert([
      { id: 1, body: 'first' },
      { id: 2, body: 'two' },
    ])
    .select('body')
  expect(both.data).toEqual([{ body: 'first' }, { body: 'two' }])
  const kept = await supabase.from('notes').upsert({ id: 1, body: 'lost' }, { ignoreDuplicates: true }).select()
  expect(kept.data).toEqual([])
  const updated = await supabase.from('notes').update({ body: 'same' }).gt('id', 0).select('id, body').order('id')
  expect(updated.data).toEqual([
    { id: 1, body: 'same' },
    { id: 2, body: 'same' },
  ])
  expect(await supabase.from('notes').update({ body: 'x' }).eq('id', 77)).toMatchObject({ status: 204, error: null })
  const deleted = await supabase.from('notes').delete({ count: 'exact' }).eq('id', 1)
  expect([deleted.status, deleted.count]).toEqual([204, 1])
  expect((await supabase.from('notes').select('id')).data).toEqual([{ id: 2 }])
  const queued = (await db.outbox.list()).slice(before).map((entry) => entry.operations.map((op) => op.type).join())
  expect(queued).toEqual(['insert', 'update,insert', 'update,update', 'delete'])
})

test('a write that is refused leaves nothing behind', async () => {
  const before = (await db.outbox.list()).length
  const two = await supabase.from('notes').insert([
    { id: 50, body: 'x' },
    { id: 2, body: 'there' },
  ])
  expect(two.error?.code).toBe('23505')
  const many = await supabase.from('notes').update({ body: 'y' }).gt('id', 0).select().single()
  expect(many.data).toEqual({ id: 2, body: 'y' })
  const none = await supabase.from('notes').delete().eq('id', 99).select().single()
  expect(none.error?.code).toBe('PGRST116')
  expect((await supabase.from('notes').select('*')).data).toEqual([{ id: 2, body: 'y' }])
  expect((await db.outbox.list()).length).toBe(before + 1)
})

test('errors have PostgREST’s codes and bodies', async () => {
  const codeOf = async (query: PromiseLike<{ status: number; error: { code: string; message: string } | null }>) => {
    const { status, error } = await query
    return [status, error?.code]
  }
  const users = () => supabase.from('users')
  expect(await codeOf(users().select('nope'))).toEqual([400, '42703'])
  expect(await codeOf(users().select('id').eq('nope', 1))).toEqual([400, '42703'])
  expect(await codeOf(users().select('id').eq('id', 'a'))).toEqual([400, '22P02'])
  expect(await codeOf(users().select('id').filter('id', 'nope', '1'))).toEqual([400, 'PGRST100'])
  expect(await codeOf(users().select('id').or('id.eq.1,(('))).toEqual([400, 'PGRST100'])
  expect(await codeOf(users().select('id;drop'))).toEqual([400, 'PGRST100'])
  expect(await codeOf(users().select('id, notes(*)'))).toEqual([400, 'PGRST200'])
  expect(await codeOf(users().select('id').textSearch('name', 'x'))).toEqual([400, '0A000'])
  expect(await codeOf(users().insert({ id: 9, nope: 1 }))).toEqual([400, 'PGRST204'])
  expect(await codeOf(users().delete())).toEqual([400, '21000'])
  expect(await codeOf(supabase.from('notes').insert({ id: 9, body: null }))).toEqual([400, '23502'])
  expect(await codeOf(supabase.from('pets').insert({ id: 100, owner: 4 }))).toEqual([400, '23514'])
  expect(await codeOf(supabase.from('pets').insert({ id: 1, owner: 4 }))).toEqual([201, undefined])
  expect((await users().delete().eq('id', 4)).error).toMatchObject({
    code: '23503',
    message: 'update or delete on table "users" violates foreign key constraint "pets_foreign_1" on table "pets"',
  })
  const twice = await users().insert({ id: 1, name: 'again' })
  expect([twice.status, twice.error]).toMatchObject([
    409,
    {
      code: '23505',
      message: 'duplicate key value violates unique constraint "users_pkey"',
      details: 'Key (id)=(1) already exists.',
    },
  ])
  const mail = await users().insert({ id: 9, email: 'a@x' })
  expect(mail.error?.details).toBe('Key (email)=(a@x) already exists.')
})

test('what is not here goes to the network, and is an error with a code when there is none', async () => {
  asked.length = 0
  const unknown = await supabase.from('elsewhere').select()
  expect([unknown.status, unknown.error?.code]).toEqual([404, 'PGRST205'])
  expect(unknown.error?.message).toBe("Could not find the table 'public.elsewhere' in the schema cache")
  const called = await supabase.rpc('f')
  expect([called.status, called.error?.code]).toEqual([404, 'PGRST202'])
  const other = await supabase.schema('private').from('users').select()
  expect([other.status, other.error?.code]).toEqual([406, 'PGRST106'])
  expect(asked).toEqual(['/rest/v1/elsewhere', '/rest/v1/rpc/f', '/rest/v1/users'])
})

test('only PostgREST’s own paths are answered here, and what goes on has its body', async () => {
  const bodies: string[] = []
  const fetched = localFetch(db, async (input, init) => {
    bodies.push(await new Request(input, init).text())
    return Response.json('the network')
  })
  const object = await fetched('http://project.invalid/storage/v1/object/public/x/rest/v1/users')
  expect(await object.json()).toBe('the network')
  const proxied = await fetched('http://project.invalid/supabase/rest/v1/users?select=id&id=eq.1')
  expect(await proxied.json()).toEqual([{ id: 1 }])
  const elsewhere = new Request('http://project.invalid/rest/v1/elsewhere', { method: 'POST', body: '{"a":1}' })
  expect(await (await fetched(elsewhere)).json()).toBe('the network')
  expect(bodies).toEqual(['', '{"a":1}'])
})

test('hundreds of hostile texts: every value is bound, every name is refused with a code of PostgREST', async () => {
  const all = JSON.parse(
    readFileSync(new URL('../../../testdata/injections.json', import.meta.url), 'utf8'),
  ) as string[]
  const hostile = all.filter((text) => !text.includes('\0'))
  expect(hostile.length).toBeGreaterThan(90)
  const codes = new Set<string>()
  for (const [at, text] of hostile.entries()) {
    const id = 1_000 + at
    expect((await supabase.from('users').insert({ id, name: text })).error, text).toBeNull()
    const found = await supabase.from('users').select('id, name').eq('name', text).gte('id', 1_000)
    expect([found.error, found.data?.find((row) => row.id === id)], text).toEqual([null, { id, name: text }])
    const users = supabase.from('users')
    for (const query of [users.select(text), users.select('id').order(text), users.select('id').or(text)])
      codes.add((await query).error?.code ?? 'none')
    codes.add((await users.select('id').filter('id', text, '1')).error?.code ?? 'none')
  }
  for (const code of codes)
    expect(['PGRST100', 'PGRST108', 'PGRST200', '42703', '42704', '22P02', 'none']).toContain(code)
}, 120_000) // six requests a text
