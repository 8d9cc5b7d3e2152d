/**
 * Makes the clients of schema.prisma in build/prisma. `prisma generate` asks for
 * a native schema engine that it never runs here (the schema is read by
 * WebAssembly), and downloads it where none is named: so one is named that does
 * nothing.
 */

import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../../', import.meta.url))

export default function setup() {
  const engine = `${root}build/prisma/schema-engine`
  mkdirSync(`${root}build/prisma`, { recursive: true })
  writeFileSync(engine, '#!/bin/sh\nexit 0\n', { mode: 0o755 })
  execFileSync(
    process.execPath,
    [`${root}node_modules/prisma/build/index.js`, 'generate', '--schema', `${root}bridge/prisma/test/schema.prisma`],
    { cwd: root, env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: engine, CHECKPOINT_DISABLE: '1' }, stdio: 'pipe' },
  )
}

if (process.argv[1] === fileURLToPath(import.meta.url)) setup()
