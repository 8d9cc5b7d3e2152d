/** What the guides' programs report: each `// → value` of a guide is one entry. */

export interface Checked {
  /** Of the guide. */
  readonly line: number
  readonly got: unknown
  readonly expected: unknown
}

declare global {
  interface Window {
    checked: Checked[]
  }
}

window.checked = []

/** Notes what an expression of a guide gave. */
export function check(line: number, got: unknown, expected: unknown): void {
  window.checked.push({ line, got, expected })
}
