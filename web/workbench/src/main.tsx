import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { DatabaseErrorBoundary, DatabaseProvider } from '@rockpool/react'
import '@rockpool/react/styles.css'
import { Workbench } from './workbench.tsx'
import './styles.css'

const root = document.getElementById('root')
if (root === null) throw new Error('index.html has no #root')

createRoot(root).render(
  <StrictMode>
    <DatabaseProvider name="shop" relay={{ url: new URL('/sync', location.href).href.replace(/^http/, 'ws') }}>
      <DatabaseErrorBoundary>
        <Workbench />
      </DatabaseErrorBoundary>
    </DatabaseProvider>
  </StrictMode>,
)
