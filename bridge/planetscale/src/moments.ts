/** Moments: as MySQL writes them, and as synced tables store them. */

const MOMENT = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?)?$/

/** The stored form of MySQL's, which is UTC; anything else stays as it is. */
export function toStored(text: string, hasZone: boolean): string {
  const found = MOMENT.exec(text)
  if (found === null) return text
  const [, day = '', minutes = '00:00', seconds = '00', fraction = ''] = found
  return `${day}T${minutes}:${seconds}.${fraction.padEnd(6, '0')}${hasZone ? '+00:00' : ''}`
}

/** MySQL's form of a stored one: as many digits of a second as it has. */
export function fromStored(text: string): string {
  const found = /^(\d{4,}-\d\d-\d\d)T(\d\d:\d\d:\d\d)\.(\d{6})(?:\+00:00)?$/.exec(text)
  if (found === null) return text
  const fraction = (found[3] ?? '').replace(/0+$/, '')
  return `${found[1]} ${found[2]}${fraction === '' ? '' : `.${fraction}`}`
}
