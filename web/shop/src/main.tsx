import { StrictMode, Suspense } from 'react'
import { createRoot } from 'react-dom/client'
import { DatabaseErrorBoundary, DatabaseProvider } from '@rockpool/react'
import '@rockpool/react/styles.css'
import { App } from './app.tsx'
import { Subscriptions } from './data/subscriptions.tsx'
import { keepOffline } from './offline.ts'
import './styles.css'

const root = document.getElementById('root')
if (root === null) throw new Error('index.html has no #root')

createRoot(root).render(
  <StrictMode>
    <DatabaseProvider name="shop" relay={{ url: new URL('/sync', location.href).href.replace(/^http/, 'ws') }}>
      <DatabaseErrorBoundary>
        <Suspense fallback={<p className="empty">Opening the counter…</p>}>
          <Subscriptions>
            <App />
          </Subscriptions>
        </Suspense>
      </DatabaseErrorBoundary>
    </DatabaseProvider>
  </StrictMode>,
)
keepOffline()
