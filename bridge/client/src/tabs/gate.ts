/** Which of two builds of the app is newer. Every message between tabs carries its sender's gate. */

/** What a build speaks. */
export interface Gate {
  /** The app's own number of its build, higher for newer; 0 where it has none. */
  readonly build: number
  /** wire.StorageVersion. */
  readonly storage: number
  /** wire.PageVersion. */
  readonly version: number
}

/** Positive when `a` is newer than `b`: by build, then by storage, then by protocol. */
export function compareGates(a: Gate, b: Gate): number {
  return a.build - b.build || a.storage - b.storage || a.version - b.version
}
