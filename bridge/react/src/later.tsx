/** later: a component that is a chunk of its own, which a build's service worker keeps like the rest. */

import { type ComponentType, lazy, type ReactNode, Suspense } from 'react'

/**
 * A component that `load` brings when it is first shown. Where it cannot be had, without a network and a service
 * worker or when another build took the server's place, it says so of `what`.
 */
export function later<P extends object>(
  what: (props: P) => string,
  load: () => Promise<ComponentType<P>>,
): (props: P) => ReactNode {
  const Loaded = lazy(async () => {
    try {
      return { default: await load() }
    } catch {
      return { default: (props: P) => <NotLoaded what={what(props)} /> }
    }
  })
  return (props) => (
    <Suspense fallback={<p className="rp-soft">Loading</p>}>
      <Loaded {...(props as any) /* React's types take no props that are a parameter; P is the component's own */} />
    </Suspense>
  )
}

function NotLoaded({ what }: { readonly what: string }): ReactNode {
  return (
    <p className="rp-problem" role="alert">
      {what} cannot be shown: a part of this page could not be loaded. Reload the page with a network.
    </p>
  )
}
