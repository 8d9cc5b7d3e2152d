// The page shown, kept in the URL's hash so that a reload without a network
// needs no server.
import { useSyncExternalStore } from 'react'

export type Route =
  | { readonly page: 'catalogue' }
  | { readonly page: 'orders' }
  | { readonly page: 'order'; readonly id: string }
  | { readonly page: 'customers' }
  | { readonly page: 'conflicts' }

export function parseRoute(hash: string): Route {
  const [page, id] = hash.replace(/^#\/?/, '').split('/')
  switch (page) {
    case 'orders':
      return id ? { page: 'order', id: decodeURIComponent(id) } : { page: 'orders' }
    case 'customers':
      return { page: 'customers' }
    case 'conflicts':
      return { page: 'conflicts' }
    default:
      return { page: 'catalogue' }
  }
}

function subscribe(changed: () => void): () => void {
  window.addEventListener('hashchange', changed)
  return () => window.removeEventListener('hashchange', changed)
}

export function useRoute(): Route {
  const hash = useSyncExternalStore(
    subscribe,
    () => window.location.hash,
    () => '',
  )
  return parseRoute(hash)
}
