/** What the builder has made: an object from outside, as JSON of a request, is bound and never part of a tree or a text. */

const made = new WeakSet<object>()

/** Notes an expression, a query or a statement; returns it. */
export function noted<T extends object>(of: T): T {
  made.add(of)
  return of
}

/** Whether it was made here and has that part. */
export function isMade(of: unknown, part: 'node' | 'ast' | 'sql'): boolean {
  return typeof of === 'object' && of !== null && part in of && made.has(of)
}
