/** Has a browser run the core that counts (`go run ./internal/slim -count`), and gathers which functions have run. */

import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser } from '@playwright/test'
import type { Relay } from '../rockpool.ts'

const counted = fileURLToPath(new URL('../../../build/core.counted.wasm', import.meta.url))

/** What a counting core's exports of counters begin with (internal/slim/count.go). */
const PREFIX = 'ran '

/** Runs in the Worker, before its script: tells each function's name once, soon after it has run for the first time. */
const teller = `
{
  const { instantiate } = WebAssembly
  WebAssembly.instantiate = async (...all) => {
    const made = await instantiate(...all)
    const names = Object.keys(made.exports ?? {}).filter((name) => name.startsWith('${PREFIX}'))
    let left = new Set(names)
    if (names.length > 0) setInterval(() => {
      const now = [...left].filter((name) => made.exports[name].value === 1)
      for (const name of now) left.delete(name)
      if (now.length > 0) console.debug(now.join('\\n'))
    }, 50)
    return made
  }
}
`

/** Puts the counting core into the apps that this relay serves, each in a folder under its own. */
export function serveCounting(relay: Relay): void {
  for (const path of readdirSync(relay.folder, { recursive: true, encoding: 'utf8' })) {
    const file = join(relay.folder, path)
    if (/\/core-[^/]*\.wasm$/.test(file)) copyFileSync(counted, file)
    if (/\/entry-[^/]*\.js$/.test(file)) writeFileSync(file, teller + readFileSync(file, 'utf8'))
  }
}

/** The names of the functions that run in any context that this browser opens from now on. */
export function countIn(browser: Browser): ReadonlySet<string> {
  const ran = new Set<string>()
  const open = browser.newContext.bind(browser)
  browser.newContext = async (options) => {
    const context = await open(options)
    context.on('console', (message) => {
      if (!message.text().startsWith(PREFIX)) return
      for (const name of message.text().split('\n')) ran.add(name.slice(PREFIX.length))
    })
    return context
  }
  return ran
}

/** Every function that the counting core knows. */
export function functions(): string[] {
  return WebAssembly.Module.exports(new WebAssembly.Module(readFileSync(counted)))
    .filter(({ name }) => name.startsWith(PREFIX))
    .map(({ name }) => name.slice(PREFIX.length))
}
