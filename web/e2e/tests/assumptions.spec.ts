import { fileURLToPath } from 'node:url'
import { expect, test } from '@playwright/test'
import { serve } from '../serve.ts'

// What the whole design rests on: bytes that a Worker wrote through a sync
// access handle and flushed are there after a reload, on a page without
// cross-origin isolation; and another profile does not see them.
test('flushed bytes of a sync access handle survive a reload', async ({ browser }) => {
  const site = await serve(fileURLToPath(new URL('../pages', import.meta.url)))
  try {
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.goto(site.url)
    const run = (message: object) =>
      page.evaluate(
        (m) => (window as unknown as { inWorker(m: object): Promise<{ text: string; isolated: boolean }> }).inWorker(m),
        message,
      )
    const text = `tide ${Date.now()}`
    expect(await run({ write: text })).toEqual({ text, isolated: false })
    await page.reload()
    expect((await run({})).text).toBe(text)
    const stranger = await browser.newContext()
    const other = await stranger.newPage()
    await other.goto(site.url)
    const theirs = await other.evaluate(() =>
      (window as unknown as { inWorker(m: object): Promise<{ text: string }> }).inWorker({}),
    )
    expect(theirs.text).toBe('')
    await stranger.close()
    await context.close()
  } finally {
    await site.close()
  }
})
