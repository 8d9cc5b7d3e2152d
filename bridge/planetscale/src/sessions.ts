/** Sessions: a connection of the driver is a token here, and its transaction a transaction of the database. */

import type { StatementSource, Statements, StatementTransaction } from '@rockpool/client/statements'

/** What the driver sends back with its next statement. */
export interface SessionToken {
  readonly signature: string
  readonly vitessSession: {
    readonly autocommit: true
    readonly inTransaction: boolean
    readonly SessionUUID: string
    readonly lastInsertId: string
  }
}

/** A connection of the driver. */
export class VitessSession {
  readonly id: string
  lastInsertId = '0'
  #transaction: StatementTransaction | null = null

  constructor(id: string) {
    this.id = id
  }

  /** Where its next statement runs. */
  on(source: StatementSource): Statements {
    return this.#open ?? source
  }

  get #open(): StatementTransaction | null {
    return this.#transaction?.isOver === false ? this.#transaction : null
  }

  get token(): SessionToken {
    return {
      signature: 'local',
      vitessSession: {
        autocommit: true,
        inTransaction: this.#open !== null,
        SessionUUID: this.id,
        lastInsertId: this.lastInsertId,
      },
    }
  }

  /** BEGIN: as in MySQL, it commits what is open. */
  async begin(source: StatementSource, timeout: number): Promise<void> {
    await this.commit()
    this.#transaction = await source.begin({ timeout })
  }

  async commit(): Promise<void> {
    // One that has ended by its timeout must not look as if it were kept: its commit fails.
    const transaction = this.#transaction
    this.#transaction = null
    await transaction?.commit()
  }

  /** ROLLBACK succeeds also when nothing is open: the driver sends it after every failure. */
  async rollback(): Promise<void> {
    const transaction = this.#transaction
    this.#transaction = null
    await transaction?.rollback()
  }
}

/** Sessions with a transaction: the driver has no other word for their end than the end of that. */
export class Sessions {
  readonly #open = new Map<string, VitessSession>()

  /** The session of a token, which may be anything. */
  of(token: unknown): VitessSession {
    const { SessionUUID, lastInsertId } = vitessOf(token)
    const found = this.#open.get(SessionUUID)
    if (found !== undefined) return found
    const made = new VitessSession(SessionUUID === '' ? crypto.randomUUID() : SessionUUID)
    if (/^\d+$/.test(lastInsertId)) made.lastInsertId = lastInsertId
    return made
  }

  /** Keeps a session as long as it has a transaction. */
  keep(session: VitessSession): void {
    if (session.token.vitessSession.inTransaction) this.#open.set(session.id, session)
    else this.#open.delete(session.id)
  }
}

function vitessOf(token: unknown): { SessionUUID: string; lastInsertId: string } {
  const vitess: unknown = typeof token === 'object' && token !== null ? Reflect.get(token, 'vitessSession') : undefined
  const field = (name: string) => {
    const value: unknown = typeof vitess === 'object' && vitess !== null ? Reflect.get(vitess, name) : undefined
    return typeof value === 'string' ? value : ''
  }
  return { SessionUUID: field('SessionUUID'), lastInsertId: field('lastInsertId') }
}
