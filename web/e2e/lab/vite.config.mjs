import { defineConfig } from 'vite'

/** Prisma's query compiler for browsers is imported as a module of WebAssembly that is compiled (docs/clients.md). */
const compiledWasm = {
  name: 'compiled-wasm',
  enforce: 'pre',
  async resolveId(id, importer) {
    if (!id.endsWith('.wasm?module')) return null
    const found = await this.resolve(id.replace('?module', ''), importer, { skipSelf: true })
    return found && `${found.id}?module`
  },
  load(id) {
    if (!id.endsWith('.wasm?module')) return null
    const url = JSON.stringify(id.replace('?module', '?url'))
    return `import url from ${url}\nexport default await WebAssembly.compileStreaming(fetch(url))`
  },
}

export default defineConfig({
  root: import.meta.dirname,
  base: './', // the shop's tests serve it beside the shop
  plugins: [compiledWasm],
  worker: { format: 'es' },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    outDir: 'dist',
    emptyOutDir: true,
    rolldownOptions: { input: [`${import.meta.dirname}/index.html`, `${import.meta.dirname}/clients.html`] },
  },
})
