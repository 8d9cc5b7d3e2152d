/**
 * A browser with a profile on disk, whose processes a test may stop and kill.
 * Contexts without a profile keep their files in the browser's memory: they
 * show nothing of what a killed process leaves.
 */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type BrowserContext, type Page } from '@playwright/test'
import config from './playwright.config.ts'

/** A folder for profiles, deleted by `remove`. */
export function profileFolder(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'rockpool-profile-'))
  return {
    path,
    remove: () => {
      rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
    },
  }
}

/** Opens the profile of a folder. Every tab gets a renderer process of its own. */
export function openProfile(folder: string): Promise<BrowserContext> {
  const { args = [], ...options } = config.use?.launchOptions ?? {}
  return chromium.launchPersistentContext(folder, { ...options, args: [...args, '--process-per-tab'] })
}

/** SIGKILLs every process of the browser that has this profile, and waits until the context has ended. */
export async function killBrowser(context: BrowserContext, folder: string): Promise<void> {
  const ended = new Promise<void>((resolve) => {
    context.once('close', () => {
      resolve()
    })
  })
  const all = processes()
  const roots = all.filter(
    (one) => one.command.includes(`--user-data-dir=${folder}`) && !one.command.includes('--type='),
  )
  if (roots.length === 0) throw new Error(`no browser has the profile ${folder}`)
  const doomed = new Set(roots.map((one) => one.pid))
  for (let grew = true; grew; ) {
    grew = false
    for (const { pid, parent } of all)
      if (doomed.has(parent) && !doomed.has(pid)) {
        doomed.add(pid)
        grew = true
      }
  }
  for (const pid of doomed) signal(pid, 'SIGKILL')
  await ended
}

/** The process that runs a page and its Workers. */
export async function rendererOf(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page)
  const { frameTree } = await session.send('Page.getFrameTree')
  const pids: number[] = []
  // A trace begins with the browser's list of frames and their processes.
  session.on('Tracing.dataCollected', ({ value }) => {
    for (const event of value as unknown as TraceEvent[]) {
      for (const { frame, processId } of event.args?.data?.frames ?? []) {
        if (event.name === 'TracingStartedInBrowser' && frame === frameTree.frame.id && processId !== undefined)
          pids.push(processId)
      }
    }
  })
  const complete = new Promise<void>((resolve) => {
    session.once('Tracing.tracingComplete', () => {
      resolve()
    })
  })
  await session.send('Tracing.start', {
    traceConfig: { includedCategories: ['disabled-by-default-devtools.timeline'], excludedCategories: ['*'] },
    transferMode: 'ReportEvents',
  })
  await session.send('Tracing.end')
  await complete
  await session.detach()
  const [pid] = pids
  if (pid === undefined) throw new Error(`the trace names no process for ${page.url()}`)
  return pid
}

interface TraceEvent {
  readonly name: string
  readonly args?: {
    readonly data?: { readonly frames?: readonly { readonly frame: string; readonly processId?: number }[] }
  }
}

/** SIGKILLs a page's renderer and waits until the browser has noticed. */
export async function killRenderer(page: Page, pid: number): Promise<void> {
  const crashed = new Promise<void>((resolve) => {
    page.once('crash', () => {
      resolve()
    })
  })
  signal(pid, 'SIGKILL')
  await crashed
}

/** Sends a signal; a process that has ended already is fine. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

/** Every process of this machine. */
function processes(): { readonly pid: number; readonly parent: number; readonly command: string }[] {
  const list = []
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8')
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
      list.push({
        pid: Number(entry),
        parent,
        command: readFileSync(`/proc/${entry}/cmdline`, 'utf8').replaceAll('\0', ' '),
      })
    } catch {
      // it ended meanwhile
    }
  }
  return list
}
