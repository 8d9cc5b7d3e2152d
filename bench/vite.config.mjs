import { defineConfig } from 'vite'

// Each contender is a chunk of its own: a page loads only what it measures.
export default defineConfig({
  root: `${import.meta.dirname}/page`,
  worker: { format: 'es' },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    outDir: `${import.meta.dirname}/dist`,
    emptyOutDir: true,
    rolldownOptions: { checks: { pluginTimings: false } },
  },
  logLevel: 'warn',
})
