// A Vite plugin that makes a build start without a network: it writes sw.js,
// a service worker that keeps every file of this build.
import { createHash } from 'node:crypto'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'

export function offline() {
  let out = 'dist'
  return {
    name: 'rockpool-offline',
    apply: 'build',
    configResolved(config) {
      out = config.build.outDir.startsWith('/') ? config.build.outDir : join(config.root, config.build.outDir)
    },
    closeBundle() {
      const files = readdirSync(out, { recursive: true, withFileTypes: true })
        .filter((f) => f.isFile() && f.name !== 'sw.js')
        .map((f) => join(f.parentPath ?? f.path, f.name))
        .sort()
      const version = createHash('sha256')
      for (const file of files) version.update(relative(out, file)).update(readFileSync(file))
      const urls = files.map((f) => `/${relative(out, f).split(sep).join('/')}`).filter((u) => u !== '/index.html')
      writeFileSync(join(out, 'sw.js'), worker(version.digest('hex').slice(0, 16), ['/', ...urls]))
    },
  }
}

// Cache first, since every name but / carries a hash; a new build has another
// cache and the old one is removed when it takes over. Vary is ignored:
// module scripts are fetched with an Origin header, the precache without.
const worker = (version, urls) => `const name = 'rockpool-${version}';
const urls = ${JSON.stringify(urls)};
self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(name).then((cache) => cache.addAll(urls)).then(() => self.skipWaiting()));
});
self.addEventListener('activate', (event) => {
  event.waitUntil(
    caches.keys()
      .then((names) => Promise.all(names.filter((n) => n.startsWith('rockpool-') && n !== name).map((n) => caches.delete(n))))
      .then(() => self.clients.claim()),
  );
});
self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== 'GET' || url.origin !== location.origin) return;
  if (event.request.mode === 'navigate' && url.pathname !== '/') return; // another app of this origin
  const key = event.request.mode === 'navigate' ? '/' : event.request;
  event.respondWith(
    caches.open(name).then((cache) => cache.match(key, { ignoreVary: true, ignoreSearch: event.request.mode === 'navigate' })).then((hit) => hit ?? fetch(event.request)),
  );
});
`
