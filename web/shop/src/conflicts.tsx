import { ConflictResolver } from '@rockpool/react'
import { Refused } from './refused.tsx'

/** What needs a person: two writers met and no rule decides, or the server did not accept a write. */
export function Conflicts() {
  return (
    <>
      <div className="head">
        <h1>Needs you</h1>
      </div>
      <Refused />
      <ConflictResolver showSettled />
    </>
  )
}
