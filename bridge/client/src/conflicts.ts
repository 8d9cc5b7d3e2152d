/** db.conflicts: rows on which two writers met. Every one is kept until somebody has looked at it. */

import type { Row } from './chunk.ts'
import type { Init } from './codec.ts'
import { Cell, Topic, type Readable } from './emitter.ts'
import type { Schema } from './gen/schema.ts'
import {
  ConflictListMessage,
  EmptyMessage,
  ResolveMessage,
  WriteDoneMessage,
  type ConflictInfo,
  type NamedRow,
  type Resolve,
  PageConflicts,
  PageResolve,
  type Choice,
  ChooseDismiss,
  ChooseEdited,
  ChooseMine,
  ChooseTheirs,
} from './gen/wire.ts'
import { booleansOf, toNamedRow, toObject } from './operations.ts'
import { statusName, type OutcomeStatus } from './outcomes.ts'
import { newKey } from './key.ts'
import type { Session } from './session.ts'

/** How a conflict was settled, or `manual` while it is open. */
export type ConflictRule =
  | 'merged'
  | 'lww_mine'
  | 'lww_theirs'
  | 'max'
  | 'min'
  | 'union'
  | 'gone'
  | 'survives'
  | 'manual'
  | 'exists'
  | 'text'
  | 'json'
  | 'set'

/** By mutation.Rule's number; a test compares them. */
export const RULES: readonly ConflictRule[] = [
  'manual',
  'merged',
  'lww_mine',
  'lww_theirs',
  'max',
  'min',
  'union',
  'gone',
  'survives',
  'manual',
  'exists',
  'text',
  'json',
  'set',
]

/** What stands after a conflict. */
export type ConflictChoice = 'mine' | 'theirs' | Readonly<Record<string, unknown>>

/** One conflict, as a snapshot. */
export interface Conflict {
  readonly id: number
  readonly table: string
  readonly key: Row
  /** What this device wanted, or null when it deleted the row. */
  readonly localData: Row | null
  /** What the server had, or null when the row was gone. */
  readonly remoteData: Row | null
  /** What both started from, where it is known. */
  readonly base: Row | null
  /** What stands now, or null while it is open. */
  readonly chosen: Row | null
  /** Columns on which two values met. */
  readonly columns: readonly string[]
  readonly rule: ConflictRule
  readonly status: OutcomeStatus
  /** It waits for a person. */
  readonly isOpen: boolean
  /** Milliseconds since 1970. */
  readonly at: number
  readonly mid: number
  /**
   * Settles it: keeps mine, keeps theirs, or writes an edited row. Resolves when that is stored here.
   * @param seen The row as it was when the choice was made, or null for none; not compared by default.
   * @throws `conflict` when another row stands by now than the one that was seen.
   */
  resolve(choice: ConflictChoice, seen?: Row | null): Promise<void>
  /** Takes a settled one off the list. */
  dismiss(): Promise<void>
}

/** See the file's comment. */
export class Conflicts {
  readonly #session: Session
  readonly #schema: () => Schema | null
  readonly #list = new Cell<readonly Conflict[]>([])
  readonly #arrivals = new Topic<Conflict>()
  readonly #told = new Set<number>()

  constructor(session: Session, schema: () => Schema | null) {
    this.#session = session
    this.#schema = schema
  }

  /** The conflicts as last heard; kept up to date. */
  get changes(): Readable<readonly Conflict[]> {
    return this.#list
  }

  /** Asks for all conflicts that were not dismissed, newest last. */
  async list(): Promise<readonly Conflict[]> {
    const { conflicts } = await this.#session.ask(
      PageConflicts,
      'list conflicts',
      EmptyMessage,
      {},
      ConflictListMessage,
    )
    const list = conflicts.map((info) => this.#conflict(info))
    this.#list.set(list)
    return list
  }

  /** Calls back with the whole list, now and after each change; returns the way to stop. */
  subscribe(listener: (conflicts: readonly Conflict[]) => void): () => void {
    const stop = this.#list.subscribe(listener)
    listener(this.#list.get())
    return stop
  }

  /** Calls back once for each new conflict that a person may want to know of; `subscribe` tells when one is dealt with. Merges of different columns are only counted. */
  onConflict(listener: (conflict: Conflict) => void): () => void {
    return this.#arrivals.on(listener)
  }

  /** Not for applications: a conflict is new or changed, or somebody, in this tab or another, has dealt with it. */
  receive(info: ConflictInfo): void {
    const others = this.#list.get().filter((one) => one.id !== info.id)
    if (info.gone) {
      if (others.length < this.#list.get().length) this.#list.set(others)
      return
    }
    const conflict = this.#conflict(info)
    this.#list.set([...others, conflict].sort((a, b) => a.id - b.id))
    if (!info.notify || this.#told.has(conflict.id)) return
    this.#told.add(conflict.id)
    this.#arrivals.emit(conflict)
  }

  #conflict({ notify: _notify, gone: _gone, ...info }: ConflictInfo): Conflict {
    const booleans = booleansOf(this.#schema(), info.table)
    const row = (named: NamedRow | null) => named && toObject(named, booleans)
    return {
      ...info,
      key: toObject(info.key, booleans),
      localData: row(info.localData),
      remoteData: row(info.remoteData),
      base: row(info.base),
      chosen: row(info.chosen),
      rule: RULES[info.rule] ?? 'manual',
      status: statusName(info.status),
      resolve: (choice, seen) => this.#resolve(info.id, choice, seen),
      dismiss: () => this.#send(info.id, ChooseDismiss),
    }
  }

  async #resolve(id: number, choice: ConflictChoice, seen?: Row | null): Promise<void> {
    const isEdited = typeof choice === 'object' && choice !== null
    // The Worker says what is no choice.
    await this.#send(
      id,
      isEdited ? ChooseEdited : choice === 'mine' ? ChooseMine : choice === 'theirs' ? ChooseTheirs : 0,
      {
        edited: isEdited ? toNamedRow(choice) : null,
        seen: seen ? toNamedRow(seen) : null,
        gone: seen === null,
      },
    )
    await this.list()
  }

  async #send(id: number, choice: Choice | 0, more: Partial<Init<Resolve>> = {}): Promise<void> {
    await this.#session.ask(
      PageResolve,
      'resolve conflict',
      ResolveMessage,
      { id, choice, ...more },
      WriteDoneMessage,
      { policy: 'write', key: newKey() },
    )
  }
}
