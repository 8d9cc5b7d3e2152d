import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'client',
          include: ['bridge/client/{src,test}/**/*.test.ts', 'bridge/worker/{src,test}/**/*.test.ts'],
          environment: 'node',
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'clients',
          globalSetup: 'bridge/prisma/test/generate.mjs',
          include: ['bridge/{kysely,drizzle,prisma,planetscale,supabase,node}/test/**/*.test.ts'],
          environment: 'node',
          testTimeout: 30_000,
        },
      },
      { test: { name: 'react', include: ['bridge/react/{src,test}/**/*.test.tsx'], environment: 'happy-dom' } },
    ],
  },
})
