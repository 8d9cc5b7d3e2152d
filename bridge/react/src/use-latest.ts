/** A value of the last render, for callbacks and effects that are not to run again when it changes. */

import { useEffect, useRef } from 'react'

/** See the file's comment. It is the last committed render's: one that React discarded changes nothing. */
export function useLatest<T>(value: T): { readonly current: T } {
  const latest = useRef(value)
  useEffect(() => {
    latest.current = value
  })
  return latest
}
