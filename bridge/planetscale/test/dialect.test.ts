import { describe, expect, test } from 'vitest'
import { RockpoolError } from '@rockpool/client/statements'
import { lower, type Context } from '../src/dialect.ts'

const context: Context = {
  stored: (tables, column, value) => (tables.has('t') && column === 'at' ? `stored ${value}` : value),
  lastInsertId: '42',
  now: () => Date.UTC(2026, 0, 2, 3, 4, 5, 678),
}

describe('lower', () => {
  const cases: [string, string, ...unknown[]][] = [
    [
      "select * from t where b='o''x\\n\\\\' and c in (1, '2') and d=true",
      'select * FROM t where b = ? and c in ( 1 , ? ) and d = true',
      "o'x\n\\",
      '2',
    ],
    ['SELECT "a""b", \'%\\_\'', 'SELECT ? , ?', 'a"b', '%\\_'],
    ["SELECT 'a' 'b' AS 'two'", 'SELECT ? AS "two"', 'ab'],
    ['SELECT `a``b`.`c` FROM `a``b`', 'SELECT "a`b" . "c" FROM "a`b"'],
    ["SELECT x'01ff', 0x02", 'SELECT ? , ?', new Uint8Array([1, 255]), new Uint8Array([2])],
    ['SELECT 1 -- one\n# two\n/* three */ + 2;', 'SELECT 1 + 2'],
    ['SELECT 3 / 2, 5 MOD 2, MOD(5, 2), a <=> b FROM DUAL', 'SELECT 3 * 1.0 / 2 , 5 % 2 , mod ( 5 , 2 ) , a IS b'],
    ["SELECT CONCAT(a, ', ', CONCAT(b, (1 + 2)))", 'SELECT (( a ) || ( ? ) || ( (( b ) || ( ( 1 + 2 ) )) ))', ', '],
    ['SELECT IF(a > 1, LENGTH(b), CHAR_LENGTH(b))', 'SELECT iif ( a > 1 , octet_length ( b ) , length ( b ) )'],
    [
      "SELECT a FROM t WHERE a LIKE 'x\\_%' AND b LIKE CONCAT('%', ?)".replace('?', "'y'"),
      "SELECT a FROM t WHERE a LIKE ? ESCAPE '\\' AND b LIKE (( ? ) || ( ? )) ESCAPE '\\'",
      'x\\_%',
      '%',
      'y',
    ],
    ["SELECT GROUP_CONCAT(a SEPARATOR '; ') FROM t", 'SELECT GROUP_CONCAT ( a , ? ) FROM t', '; '],
    ['SELECT CAST(a AS SIGNED INTEGER), CAST(b AS CHAR(10))', 'SELECT CAST ( a AS INTEGER ) , CAST ( b AS TEXT )'],
    ['SELECT * FROM t LIMIT 5, 10 FOR UPDATE', 'SELECT * FROM t LIMIT 5 , 10'],
    ['SELECT * FROM t WHERE id = 1 LOCK IN SHARE MODE', 'SELECT * FROM t WHERE id = 1'],
    ['INSERT IGNORE INTO t (a) VALUES (1)', 'INSERT OR IGNORE INTO t ( a ) VALUES ( 1 )'],
    ['INSERT t (a) VALUES (1)', 'INSERT INTO t ( a ) VALUES ( 1 )'],
    [
      'INSERT INTO t (a, b) VALUES (1, 2) ON DUPLICATE KEY UPDATE b = VALUES(`b`) + 1',
      'INSERT INTO t ( a , b ) VALUES ( 1 , 2 ) ON CONFLICT DO UPDATE SET b = excluded."b" + 1',
    ],
    ['SELECT LAST_INSERT_ID(), UNIX_TIMESTAMP()', 'SELECT 42 , 1767323045'],
    [
      'SELECT NOW(3), CURRENT_TIMESTAMP, CURDATE()',
      'SELECT ? , ? , ?',
      '2026-01-02T03:04:05.678000+00:00',
      '2026-01-02T03:04:05.678000+00:00',
      '2026-01-02',
    ],
    [
      "UPDATE t SET at = '2026', n = '2026' WHERE at >= '1' AND at IN ('2', '3') AND at NOT IN ('4') AND at BETWEEN '5' AND '6'",
      'UPDATE t SET at = ? , n = ? WHERE at >= ? AND at IN ( ? , ? ) AND at NOT IN ( ? ) AND at BETWEEN ? AND ?',
      'stored 2026',
      '2026',
      'stored 1',
      'stored 2',
      'stored 3',
      'stored 4',
      'stored 5',
      'stored 6',
    ],
    [
      "INSERT INTO t (n, at) VALUES ('1', '2'), (CONCAT('3', '4'), '5')",
      'INSERT INTO t ( n , at ) VALUES ( ? , ? ) , ( (( ? ) || ( ? )) , ? )',
      '1',
      'stored 2',
      '3',
      '4',
      'stored 5',
    ],
    ["INSERT INTO `t` (`at`) VALUES ('2')", 'INSERT INTO "t" ( "at" ) VALUES ( ? )', 'stored 2'],
    ['SELECT a.values FROM t a', 'SELECT a . values FROM t a'],
    ['SAVEPOINT s', 'SAVEPOINT s'],
    ['ROLLBACK TO s', 'ROLLBACK TO s'],
  ]
  test.each(cases)('%s', (sql, text, ...params) => {
    expect(lower(sql, context)).toEqual({ command: 'run', sql: text, params })
  })

  test.each([
    ['BEGIN', 'begin'],
    ['start transaction;', 'begin'],
    ['COMMIT', 'commit'],
    ['rollback', 'rollback'],
  ])('%s is the session’s', (sql, command) => {
    expect(lower(sql, context).command).toBe(command)
  })

  const refusals = [
    '',
    ';',
    'SELECT 1; SELECT 2',
    "SELECT 'open",
    'SELECT `open',
    'SELECT /* open',
    'SELECT /*!40101 1 */',
    'SELECT a || b',
    'SELECT @@version',
    'SELECT @a := 1',
    'SHOW TABLES',
    'SET NAMES utf8',
    'CREATE TABLE t (a INT)',
    'DROP TABLE t',
    'USE db',
    'PRAGMA table_info(t)',
    'ATTACH x',
    'SELECT a XOR b',
    'SELECT 5 DIV 2',
    "SELECT a REGEXP 'x'",
    'SELECT LOG(2)',
    'SELECT CAST(a AS DATETIME)',
    'SELECT a ^ b',
    'SELECT ?',
    'INSERT INTO t SET a = 1',
    'SELECT NOW',
    'SELECT NOW(a)',
    "SELECT x'123'",
    "SELECT b'01' {",
    'SELECT * FROM information_schema.tables',
    'UPDATE IGNORE t SET a = 1',
    'SELECT a COLLATE utf8mb4_bin',
  ]
  test.each(refusals)('%s is refused', (sql) => {
    expect(() => lower(sql, context)).toThrow(RockpoolError)
  })

  test('no text of a literal is left in the statement, whatever it holds', () => {
    const hostile = ["'; DROP TABLE t; --", "\\'; DROP TABLE t", '\\', '"', '`', '\0', "''", '/*', '\x1a', 'ü😀', '\\%']
    for (const value of hostile) {
      // As the driver writes it: a quote is doubled, some characters are escaped.
      const escapes: Record<string, string> = { '\0': '\\0', '\\': '\\\\', '\x1a': '\\Z', "'": "''", '"': '\\"' }
      const escaped = [...value].map((one) => escapes[one] ?? one).join('')
      expect(lower(`SELECT * FROM u WHERE a = '${escaped}'`, context)).toEqual({
        command: 'run',
        sql: 'SELECT * FROM u WHERE a = ?',
        params: [value],
      })
    }
  })
})
