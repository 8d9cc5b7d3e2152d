import { defineConfig } from 'vite'

export default defineConfig({
  root: import.meta.dirname,
  base: './', // the shop's tests serve it beside the shop
  worker: { format: 'es' },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    outDir: 'dist',
    emptyOutDir: true,
    rolldownOptions: { input: [`${import.meta.dirname}/index.html`, `${import.meta.dirname}/clients.html`] },
  },
})
