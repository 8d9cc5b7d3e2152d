#!/usr/bin/env node
// go test -exec: runs a js/wasm test binary in a dedicated Worker in Chromium.
// Usage: run.mjs BINARY [test flags]; the working folder is the package's.
import fs from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from '@playwright/test'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')
const types = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm' }
const [binary, ...flags] = process.argv.slice(2)
const packageDir = path.relative(root, process.cwd())
const hook = path.join(packageDir, 'workertest.mjs')

/** Serves the page, the binary and the repository's files, to this machine only. */
const server = http.createServer((request, response) => {
  const { pathname } = new URL(request.url, 'http://localhost')
  const file = pathname === '/binary.wasm' ? binary : path.join(root, path.normalize(decodeURIComponent(pathname)))
  if (pathname === '/') {
    response
      .writeHead(200, { 'content-type': 'text/html' })
      .end('<!doctype html><title>workertest</title><link rel="icon" href="data:,">')
    return
  }
  fs.readFile(file, (error, bytes) => {
    if (error) response.writeHead(404).end()
    else
      response
        .writeHead(200, { 'content-type': types[path.extname(pathname)] ?? 'application/octet-stream' })
        .end(bytes)
  })
})
await new Promise((listening) => server.listen(0, '127.0.0.1', listening))

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
})
let code = 1
try {
  const page = await browser.newPage()
  const exit = new Promise((resolve) => {
    const streams = { 1: process.stdout, 2: process.stderr }
    page.exposeFunction('report', (message) => {
      if (message.type === 'output') streams[message.fd].write(message.text)
      if (message.type === 'exit') resolve(message.code)
      if (message.type === 'broken') {
        process.stderr.write(`workertest: ${message.text}\n`)
        resolve(2)
      }
    })
    page.on('crash', () => {
      process.stderr.write('workertest: the page crashed\n')
      resolve(2)
    })
    browser.on('disconnected', () => resolve(2))
  })
  page.on('console', (line) => process.stderr.write(`${line.text()}\n`))
  await page.goto(`http://localhost:${server.address().port}/`)
  await page.evaluate(
    (start) => {
      const worker = new Worker('/internal/workertest/worker.mjs', { type: 'module' })
      // One message after the other: output must not overtake or be overtaken by the exit.
      let last = Promise.resolve()
      const send = (message) => (last = last.then(() => globalThis.report(message)))
      worker.onmessage = ({ data }) => send(data)
      worker.onerror = (event) => send({ type: 'broken', text: event.message || 'the Worker could not start' })
      worker.postMessage(start)
    },
    {
      binary: '/binary.wasm',
      // Files that go test wants written do not exist here; go test -json reads stdout only.
      argv: ['workertest', ...flags.filter((flag) => !flag.startsWith('-test.testlogfile'))],
      env: Object.fromEntries(Object.entries(process.env).filter(([name]) => /^(GO|SEED|ROCKPOOL_)/.test(name))),
      prepare: fs.existsSync(path.join(root, hook)) ? `/${hook}` : undefined,
    },
  )
  code = await exit
} finally {
  await browser.close()
  server.close()
}
process.exitCode = code
