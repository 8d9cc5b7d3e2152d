import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from '@playwright/test'
import { preview } from 'vite'

/** Serves the built page without COOP and COEP headers and opens it. */
export async function openBench() {
  const server = await preview({
    configFile: join(import.meta.dirname, 'vite.config.mjs'),
    preview: { host: '127.0.0.1', port: 0 },
  })
  const bench = await openPage(`http://127.0.0.1:${server.httpServer.address().port}/`)
  return {
    ...bench,
    close: async () => {
      await bench.close()
      await new Promise((closed) => {
        server.httpServer.close(closed)
        server.httpServer.closeAllConnections()
      })
    },
  }
}

/**
 * Opens a page in the system's Chromium, with a profile on disk: a private window
 * would keep OPFS in memory.
 */
export async function openPage(url) {
  const profile = mkdtempSync(join(tmpdir(), 'rockpool-bench-'))
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--js-flags=--expose-gc',
    ],
  })
  const page = context.pages()[0] ?? (await context.newPage())
  page.on('pageerror', (error) => console.error('page:', error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' || process.env.BENCH_LOG) console.error('page:', message.text())
  })
  const load = async () => {
    await page.goto(url)
    await page.waitForFunction(() => 'bench' in window)
  }
  await load()
  return {
    page,
    load,
    version: `Chromium ${context.browser()?.version() ?? ''}`.trim(),
    close: async () => {
      await context.close()
      rmSync(profile, { recursive: true, force: true })
    },
  }
}
