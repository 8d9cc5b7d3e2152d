import { ConflictResolver } from '@rockpool/react'

/** What needs a person: two writers met, and no rule decides. */
export function Conflicts() {
  return (
    <>
      <div className="head">
        <h1>Needs you</h1>
      </div>
      <ConflictResolver showSettled />
    </>
  )
}
