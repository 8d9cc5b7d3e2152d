import { defineConfig } from 'vite'

export default defineConfig({
  root: import.meta.dirname,
  worker: { format: 'es' },
  build: { target: 'es2022', assetsInlineLimit: 0, outDir: 'dist', emptyOutDir: true },
})
