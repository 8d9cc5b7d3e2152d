// Amounts are decimal text, as numeric is stored; sums are made in whole cents.
const format = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' })

export function cents(amount: string): number {
  const [whole = '0', fraction = ''] = amount.replace('-', '').split('.')
  const value = Number(whole) * 100 + Number(fraction.padEnd(2, '0').slice(0, 2))
  return amount.startsWith('-') ? -value : value
}

export function showCents(value: number): string {
  return format.format(value / 100)
}

export function showMoney(amount: string): string {
  return showCents(cents(amount))
}
