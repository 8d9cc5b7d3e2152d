/**
 * <DatabaseErrorBoundary>: what to show when the tree cannot have its data.
 *
 * What reaches it:
 *  - a connection that failed for good (wrong key, no storage, damaged file,
 *    a newer build in another tab), thrown by useQuery and useSuspenseQuery;
 *  - a query of useSuspenseQuery that fails before its first rows, and one of
 *    useQuery with `throwOnError`.
 * What does not: errors of promises (executeQuery, transactions), which their
 * callers get; errors after the first rows, which are in the result beside the
 * stale rows; being offline; errors that are not Rockpool's, which go on up.
 *
 * Reset: the button, `reset()` of the fallback, or a change of `resetKey`
 * connects again, runs the failed query again, and renders the children anew.
 */

import { Component, type ContextType, type ReactNode } from 'react'
import { RockpoolError } from '@rockpool/client'
import { StoreContext } from './context.ts'
import { retryOf } from './retries.ts'

/** What a fallback gets. */
export interface DatabaseFallbackProps {
  readonly error: RockpoolError
  readonly reset: () => void
}

export interface DatabaseErrorBoundaryProps {
  readonly children?: ReactNode
  /** What to show instead; a plain notice with a button by default. */
  readonly fallback?: (props: DatabaseFallbackProps) => ReactNode
  readonly onError?: (error: RockpoolError) => void
  readonly onReset?: () => void
  /** A change resets the boundary. */
  readonly resetKey?: unknown
}

interface BoundaryState {
  readonly error: unknown
}

/** See the file's comment. */
export class DatabaseErrorBoundary extends Component<DatabaseErrorBoundaryProps, BoundaryState> {
  static override contextType = StoreContext
  declare context: ContextType<typeof StoreContext>
  override state: BoundaryState = { error: null }

  static getDerivedStateFromError(error: unknown): BoundaryState {
    return { error }
  }

  override componentDidCatch(error: unknown): void {
    if (error instanceof RockpoolError) this.props.onError?.(error)
  }

  override componentDidUpdate(before: DatabaseErrorBoundaryProps): void {
    if (this.state.error !== null && !Object.is(before.resetKey, this.props.resetKey)) this.reset()
  }

  readonly reset = (): void => {
    const { error } = this.state
    if (error instanceof RockpoolError) retryOf(error)?.()
    if (this.context?.get().state === 'failed') void this.context.connect().catch(() => {})
    this.props.onReset?.()
    this.setState({ error: null })
  }

  override render(): ReactNode {
    const { error } = this.state
    if (error === null) return this.props.children
    if (!(error instanceof RockpoolError)) throw error
    const { fallback = Notice } = this.props
    return fallback({ error, reset: this.reset })
  }
}

function Notice({ error, reset }: DatabaseFallbackProps): ReactNode {
  return (
    <div className="rp-notice" role="alert" data-kind={error.kind}>
      <p>
        <strong>The data cannot be shown.</strong> {error.message}
      </p>
      <button type="button" onClick={reset}>
        Try again
      </button>
    </div>
  )
}
