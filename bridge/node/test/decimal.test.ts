import { expect, test } from 'vitest'
import { Database } from '../src/index.ts'
import { compareDecimals } from '../src/decimal.ts'

test('decimals are ordered by their value, whatever they look like', () => {
  const ordered = ['-Infinity', '-1e3', '-12.5', '-0.1', '0', '0.1', '9.99', '10.0', '1e2', '12345678901234567890.12']
  ordered.push('Infinity', 'NaN', 'a word', 'b')
  ordered.forEach((a, i) => {
    ordered.forEach((b, j) => {
      expect(Math.sign(compareDecimals(a, b)), `${a} and ${b}`).toBe(Math.sign(i - j))
    })
  })
  expect(compareDecimals('10.00', '1e1')).toBe(0)
  expect(compareDecimals('-0', '0.00')).toBe(0)
})

test('a table as the browser makes it opens, and compares decimals as such', () => {
  const db = new Database()
  db.exec(
    "create table p(price DECIMAL_TEXT COLLATE rockpool_decimal); insert into p values ('10.00'), ('9.99'), ('-5')",
  )
  expect(db.prepare('select price from p where price < 10 order by price').pluck().all()).toEqual(['-5', '9.99'])
  db.close()
})
