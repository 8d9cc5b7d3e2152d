import { expect, test } from 'vitest'
import { Conflicts } from '../src/conflicts.ts'
import { ChooseEdited, ChooseMine, PageResolve, type Resolve } from '../src/gen/wire.ts'
import type { Init } from '../src/codec.ts'
import type { Session } from '../src/session.ts'

const key = { columns: ['id'], values: [1] }
const info = { id: 7, table: 'orders', key, localData: key, remoteData: key, base: null, chosen: null }

/** Conflicts with one open, and what is sent about it. */
async function one() {
  const sent: Init<Resolve>[] = []
  const ask = async (type: number, _op: string, _in: unknown, message: Init<Resolve>) => {
    if (type === PageResolve) sent.push(message)
    return { conflicts: [info] }
  }
  const conflicts = new Conflicts({ ask } as unknown as Session, () => null)
  const [conflict] = await conflicts.list()
  if (conflict === undefined) throw new Error('there is none')
  return { conflict, sent }
}

test('a choice goes to the Worker with what it is', async () => {
  const { conflict, sent } = await one()
  await conflict.resolve('mine')
  await conflict.resolve({ note: 'both' })
  expect(sent).toMatchObject([
    { id: 7, choice: ChooseMine, edited: null },
    { id: 7, choice: ChooseEdited, edited: { columns: ['note'], values: ['both'] } },
  ])
})

// The Worker refuses it as no choice; an edit without columns would settle the conflict.
for (const nothing of [null, undefined, 'ours']) {
  test(`${String(nothing)} is no choice, and no edited row`, async () => {
    const { conflict, sent } = await one()
    await conflict.resolve(nothing as never)
    expect(sent).toMatchObject([{ id: 7, choice: 0, edited: null }])
  })
}
