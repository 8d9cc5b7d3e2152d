import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { offline } from '../offline-plugin.mjs'

// The relay serves the built app from its own origin; in development Vite
// passes the relay's paths on.
const relay = process.env.ROCKPOOL_RELAY ?? 'http://127.0.0.1:4848'

export default defineConfig({
  plugins: [react(), offline()],
  worker: { format: 'es' },
  build: { target: 'es2022', assetsInlineLimit: 0 },
  server: { proxy: { '/sync': { target: relay, ws: true }, '/chunk': relay, '/health': relay } },
})
