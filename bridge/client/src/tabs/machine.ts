/**
 * Who leads: the tab that holds the database's Web Lock. A pure machine:
 * `step` takes a model and an event and returns the next model and the effects
 * that agent.ts carries out. It reads no clock; events bring the time.
 *
 *  - Every tab queues for the lock. Its holder runs the Worker; the others
 *    reach that Worker by a brokered port, else by a BroadcastChannel.
 *  - A leader's death is told by the lock, never by a late answer.
 *  - Leadership follows the visible tab, and always leaves by draining first.
 *  - A leader that is silent but alive keeps the lock and the files; followers
 *    say so and go on when it answers again.
 *  - Of two builds the newer leads; tabs of the older ask to be reloaded.
 */

import { failure, type RockpoolError } from '../error.ts'
import { compareGates, type Gate } from './gate.ts'

/** A leader hidden for this long hands over to a visible follower, milliseconds. */
export const HIDDEN_MS = 30_000
/** Milliseconds without an answer after which the leader counts as silent. */
export const SILENT_MS = 4_000
/** Unanswered pings that it also takes: a throttled timer alone proves nothing. */
export const SILENT_PINGS = 3
/** Milliseconds that the broker may take before a channel is tried too. */
export const LINK_MS = 700
/** Milliseconds that both together may take then, before the leader is looked for again: a Worker that has just booted is busy. */
export const CHANNEL_MS = 2_000
/** Milliseconds that draining may take before the Worker is ended all the same: what was acknowledged is stored. */
export const DRAIN_MS = 3_000
/** Milliseconds after which a visible tab that says nothing is not counted any more. */
export const PEER_MS = 25_000
/** Milliseconds between two signs of life of a visible tab. */
export const BEAT_MS = 10_000
/** Times that a hidden tab passes the lock on to a visible one. */
export const PASSES_MAX = 3
/** Deaths of the core in a row, without HEALTHY_MS of life in between, before the tab gives up. */
export const DEATHS_MAX = 5
/** Milliseconds that a Worker must live for its predecessors' deaths to be forgotten. */
export const HEALTHY_MS = 30_000
/** The first wait before a dead Worker is replaced, milliseconds; it doubles each time. */
export const RESPAWN_MS = 100

/** Where a tab stands. */
export type State =
  /** Not started, or asleep in the page cache. */
  | 'idle'
  /** Queued for the lock, looking for the leader. */
  | 'seeking'
  /** Knows the leader, waits for its first answer on a link. */
  | 'linking'
  /** Uses the leader's Worker. */
  | 'following'
  /** The leader holds the lock and does not answer. */
  | 'silent'
  /** Holds the lock; the Worker boots. */
  | 'starting'
  | 'leading'
  /** Holds the lock; the Worker drains and closes the files. */
  | 'handing'
  /** A newer build of the app is open. */
  | 'outdated'
  | 'stopped'

/** What a tab does once it has handed over. */
export type After = 'requeue' | 'idle' | 'outdated' | 'stopped'

/**
 * What tabs tell each other. `taking`: the lock is mine and my Worker boots, so
 * whoever led before is gone. `want`: serve me over a BroadcastChannel of that name.
 */
export type Say = 'hello' | 'who' | 'taking' | 'leader' | 'visible' | 'hidden' | 'want' | 'bye'

/** A message between tabs. */
export interface Message extends Gate {
  readonly say: Say
  readonly tab: string
  readonly visible: boolean
  /** Whom `want` is for, else "". */
  readonly to: string
  /** The channel that `want` names, else "". */
  readonly channel: string
}

/** What happens to a tab. `now` is milliseconds of any clock that never steps back. */
export type Event =
  | { readonly type: 'start'; readonly now: number }
  | { readonly type: 'granted'; readonly now: number }
  | { readonly type: 'ready'; readonly now: number }
  | { readonly type: 'dead'; readonly now: number; readonly error: RockpoolError }
  | { readonly type: 'frozen'; readonly now: number }
  | { readonly type: 'heard'; readonly now: number; readonly message: Message }
  | { readonly type: 'pong'; readonly now: number }
  | { readonly type: 'lost'; readonly now: number; readonly error: RockpoolError }
  | { readonly type: 'tick'; readonly now: number }
  | { readonly type: 'shown'; readonly now: number }
  | { readonly type: 'hidden'; readonly now: number }
  /** `freeze` or `pagehide`. */
  | { readonly type: 'sleep'; readonly now: number }
  | { readonly type: 'stop'; readonly now: number }

/** What the edge does. */
export type Effect =
  | { readonly do: 'queue' }
  /** Leaves the queue, or lets the lock go. */
  | { readonly do: 'release' }
  | { readonly do: 'spawn'; readonly after: number }
  | { readonly do: 'drain' }
  | { readonly do: 'terminate' }
  /** Connects this tab to its own Worker. */
  | { readonly do: 'own' }
  /** Opens a link to the leader and pings on it. */
  | { readonly do: 'link'; readonly leader: string; readonly by: 'broker' | 'channel' }
  /** Serves a follower over a channel. */
  | { readonly do: 'serve'; readonly channel: string }
  | { readonly do: 'ping' }
  | { readonly do: 'say'; readonly say: Say }
  /** The link answers: give it to the session. */
  | { readonly do: 'attach' }
  | { readonly do: 'detach'; readonly error: RockpoolError }
  | { readonly do: 'silence'; readonly error: RockpoolError }
  | { readonly do: 'thaw' }
  /** Nothing more comes: the session ends with this error. */
  | { readonly do: 'end'; readonly error: RockpoolError }

/** All that a tab knows. Never changed in place. */
export interface Model {
  readonly state: State
  readonly tab: string
  readonly gate: Gate
  readonly isVisible: boolean
  readonly hiddenAt: number
  readonly leader: string
  /** When other tabs were last heard to be visible. */
  readonly visiblePeers: ReadonlyMap<string, number>
  /** When the state was entered, or the link was asked for. */
  readonly since: number
  readonly by: 'broker' | 'channel'
  readonly passes: number
  readonly pongAt: number
  readonly unanswered: number
  readonly beatAt: number
  readonly after: After
  readonly deaths: number
  readonly isToldUnreachable: boolean
}

/** The next model, and what to do. */
export type Step = readonly [Model, readonly Effect[]]

type Handler<E extends Event['type']> = (model: Model, event: Extract<Event, { type: E }>) => Step
type Row = { readonly [E in Event['type']]: Handler<E> }

/** A tab before its start. */
export function initial(tab: string, gate: Gate, isVisible: boolean): Model {
  return {
    state: 'idle',
    tab,
    gate,
    isVisible,
    hiddenAt: 0,
    leader: '',
    visiblePeers: new Map(),
    since: 0,
    by: 'broker',
    passes: 0,
    pongAt: 0,
    unanswered: 0,
    beatAt: 0,
    after: 'requeue',
    deaths: 0,
    isToldUnreachable: false,
  }
}

/** Applies one event. */
export function step(model: Model, event: Event): Step {
  const handler = TABLE[model.state][event.type] as (model: Model, event: Event) => Step // the table's type pairs them
  return handler(model, event)
}

const RELOAD = () =>
  failure(
    'reload_needed',
    'use the database',
    'a newer build of this app has taken over in another tab',
    'reload this page',
  )
const CLOSED = () => failure('closed', 'use the database', 'the database is closed in this tab', 'open it again')
const MOVED = () => failure('leader_unreachable', 'use the database', 'leadership is moving to another tab')
const FROZEN = () =>
  failure(
    'leader_frozen',
    'reach the leading tab',
    'another tab holds the database and does not answer: the browser has frozen it',
    'show or close that tab; calls go on when it answers',
  )

const stay = (model: Model): Step => [model, []]

function enter(model: Model, state: State, now: number, change: Partial<Model> = {}): Model {
  return { ...model, state, since: now, ...change }
}

const start: Handler<'start'> = (model, { now }) => [
  enter(model, 'seeking', now, { beatAt: now, hiddenAt: now, passes: 0, isToldUnreachable: false, after: 'requeue' }),
  [{ do: 'say', say: 'hello' }, { do: 'queue' }],
]

/** The lock is ours, unless a visible tab should have it. */
const granted: Handler<'granted'> = (model, { now }) => {
  if (!model.isVisible && hasVisiblePeer(model, now) && model.passes < PASSES_MAX) {
    return [{ ...model, passes: model.passes + 1 }, [{ do: 'release' }, { do: 'queue' }]]
  }
  const effects: Effect[] =
    model.state === 'following' || model.state === 'silent' ? [{ do: 'detach', error: MOVED() }] : []
  return [
    enter(model, 'starting', now, { leader: model.tab, passes: 0 }),
    [...effects, { do: 'say', say: 'taking' }, { do: 'spawn', after: 0 }],
  ]
}

/** The lock was granted to a tab that does not want it any more. */
const refuse: Handler<'granted'> = (model) => [model, [{ do: 'release' }]]

const ready: Handler<'ready'> = (model, { now }) => [
  enter(model, 'leading', now, { isToldUnreachable: false }),
  [{ do: 'own' }, { do: 'say', say: 'leader' }],
]

const dead: Handler<'dead'> = (model, { now, error }) => {
  const deaths = model.state === 'leading' && now - model.since > HEALTHY_MS ? 1 : model.deaths + 1
  const isHopeless = deaths > DEATHS_MAX || (model.state === 'starting' && !error.retryable)
  if (isHopeless) return [enter(model, 'stopped', now), [{ do: 'terminate' }, { do: 'release' }, { do: 'end', error }]]
  return [
    enter(model, 'starting', now, { deaths }),
    [
      { do: 'terminate' },
      { do: 'detach', error },
      { do: 'say', say: 'taking' }, // a Worker that was killed has told nobody
      { do: 'spawn', after: RESPAWN_MS * 2 ** (deaths - 1) },
    ],
  ]
}

/** The browser has refused the lock: this tab can never lead. */
const refused: Handler<'dead'> = (model, { now, error }) => [
  enter(model, 'stopped', now),
  [{ do: 'release' }, { do: 'say', say: 'bye' }, { do: 'end', error }],
]

/** A death while draining: the lock lets the next tab in all the same. */
const deadHanding: Handler<'dead'> = (model, { now }) => handed(model, now)
const frozen: Handler<'frozen'> = (model, { now }) => handed(model, now)

function hand(model: Model, now: number, after: After): Step {
  return [enter(model, 'handing', now, { after }), [{ do: 'drain' }]]
}

function handed(model: Model, now: number): Step {
  const effects: Effect[] = [{ do: 'terminate' }, { do: 'release' }]
  switch (model.after) {
    case 'requeue':
      return [
        enter(model, 'seeking', now, { leader: '', passes: 0 }),
        [{ do: 'detach', error: MOVED() }, ...effects, { do: 'say', say: 'who' }, { do: 'queue' }],
      ]
    case 'idle':
      return [
        enter(model, 'idle', now, { leader: '' }),
        [{ do: 'detach', error: MOVED() }, ...effects, { do: 'say', say: 'bye' }],
      ]
    case 'outdated':
      return [enter(model, 'outdated', now), [...effects, { do: 'end', error: RELOAD() }]]
    case 'stopped':
      return [enter(model, 'stopped', now), [...effects, { do: 'say', say: 'bye' }, { do: 'end', error: CLOSED() }]]
    default: {
      const never: never = model.after
      return never
    }
  }
}

/** While handing over, a later wish outranks an earlier one: stop and outdated are final. */
const changeAfter =
  (after: After) =>
  (model: Model): Step => [
    model.after === 'stopped' || (model.after === 'outdated' && after !== 'stopped') ? model : { ...model, after },
    [],
  ]

function hasVisiblePeer(model: Model, now: number): boolean {
  for (const at of model.visiblePeers.values()) if (now - at < PEER_MS) return true
  return false
}

function remember(model: Model, message: Message, now: number): Model {
  const visiblePeers = new Map(model.visiblePeers)
  if (message.visible && message.say !== 'bye') visiblePeers.set(message.tab, now)
  else visiblePeers.delete(message.tab)
  return { ...model, visiblePeers }
}

/** Hears other tabs. `older` says hello back, so that the older build learns of ours. */
function hear(
  model: Model,
  message: Message,
  now: number,
  sameBuild: (model: Model) => Step,
  newer: (model: Model) => Step,
): Step {
  const order = compareGates(message, model.gate)
  if (order > 0) return newer(model)
  if (order < 0)
    return message.say === 'hello' || message.say === 'leader' || message.say === 'who'
      ? [model, [{ do: 'say', say: 'hello' }]]
      : stay(model)
  return sameBuild(remember(model, message, now))
}

const outdate =
  (now: number) =>
  (model: Model): Step => [enter(model, 'outdated', now), [{ do: 'release' }, { do: 'end', error: RELOAD() }]]

const heardFollowing: Handler<'heard'> = (model, { message, now }) =>
  hear(
    model,
    message,
    now,
    (next) => {
      if (message.say === 'leader' && (message.tab !== next.leader || next.state === 'seeking'))
        return link(next, message.tab, now, 'broker')
      if (message.say === 'leader' && next.state === 'silent') return [next, [{ do: 'ping' }]]
      if (message.say === 'taking') return seekNew(next, now)
      return stay(next)
    },
    outdate(now),
  )

/** The Worker that this tab used is gone, and the next one is on its way. */
function seekNew(model: Model, now: number): Step {
  const effects: Effect[] =
    model.state === 'following' || model.state === 'silent' ? [{ do: 'detach', error: MOVED() }] : []
  return [enter(model, 'seeking', now, { leader: '', isToldUnreachable: false }), effects]
}

function link(model: Model, leader: string, now: number, by: 'broker' | 'channel'): Step {
  const effects: Effect[] =
    model.state === 'following' || model.state === 'silent' ? [{ do: 'detach', error: MOVED() }] : []
  return [enter(model, 'linking', now, { leader, by }), [...effects, { do: 'link', leader, by }]]
}

const heardLeading: Handler<'heard'> = (model, { message, now }) =>
  hear(
    model,
    message,
    now,
    (next) => {
      if (next.state !== 'leading') return stay(next)
      if (message.say === 'hello' || message.say === 'who') return [next, [{ do: 'say', say: 'leader' }]]
      if (message.say === 'want' && message.to === next.tab) return [next, [{ do: 'serve', channel: message.channel }]]
      return stay(next)
    },
    (next) => hand(next, now, 'outdated'),
  )

const heardHanding: Handler<'heard'> = (model, { message, now }) =>
  hear(model, message, now, stay, changeAfter('outdated'))

const lost: Handler<'lost'> = (model, { now, error }) => [
  enter(model, 'seeking', now, { leader: '', isToldUnreachable: false }),
  [
    { do: 'detach', error },
    { do: 'say', say: 'who' },
  ],
]

const pongLinking: Handler<'pong'> = (model, { now }) => [
  enter(model, 'following', now, { pongAt: now, unanswered: 0, isToldUnreachable: false }),
  [{ do: 'attach' }],
]
const pongFollowing: Handler<'pong'> = (model, { now }) => [{ ...model, pongAt: now, unanswered: 0 }, []]
const pongSilent: Handler<'pong'> = (model, { now }) => [
  enter(model, 'following', now, { pongAt: now, unanswered: 0 }),
  [{ do: 'thaw' }],
]

/** A visible tab gives a sign of life. */
function beat(model: Model, now: number): Step {
  if (!model.isVisible || now - model.beatAt < BEAT_MS) return stay(model)
  return [{ ...model, beatAt: now }, [{ do: 'say', say: 'visible' }]]
}

function also([model, effects]: Step, more: readonly Effect[]): Step {
  return [model, [...effects, ...more]]
}

/** After SILENT_MS in vain the health says why: somebody has the lock and does not answer. */
const tickSeeking: Handler<'tick'> = (model, { now }) => {
  const asked = also(beat(model, now), [{ do: 'say', say: 'who' }])
  if (model.isToldUnreachable || now - model.since < SILENT_MS) return asked
  return also([{ ...asked[0], isToldUnreachable: true }, asked[1]], [{ do: 'silence', error: FROZEN() }])
}

const tickLinking: Handler<'tick'> = (model, { now }) => {
  if (now - model.since < (model.by === 'broker' ? LINK_MS : CHANNEL_MS)) return stay(model)
  if (model.by === 'broker') return link(model, model.leader, now, 'channel')
  return [enter(model, 'seeking', now, { leader: '' }), [{ do: 'say', say: 'who' }]]
}

const tickFollowing: Handler<'tick'> = (model, { now }) => {
  if (model.unanswered >= SILENT_PINGS && now - model.pongAt >= SILENT_MS) {
    return [enter(model, 'silent', now), [{ do: 'silence', error: FROZEN() }, { do: 'ping' }]]
  }
  const [next, effects] = beat(model, now)
  return [{ ...next, unanswered: next.unanswered + 1 }, [...effects, { do: 'ping' }]]
}

const tickSilent: Handler<'tick'> = (model, { now }) => also(beat(model, now), [{ do: 'ping' }])
const tickBeat: Handler<'tick'> = (model, { now }) => beat(model, now)

const tickLeading: Handler<'tick'> = (model, { now }) => {
  if (!model.isVisible && now - model.hiddenAt >= HIDDEN_MS && hasVisiblePeer(model, now))
    return hand(model, now, 'requeue')
  return beat(model, now)
}

const tickHanding: Handler<'tick'> = (model, { now }) =>
  now - model.since >= DRAIN_MS ? handed(model, now) : stay(model)

const shown: Handler<'shown'> = (model, { now }) => [
  { ...model, isVisible: true, beatAt: now },
  [{ do: 'say', say: 'visible' }],
]
const hidden: Handler<'hidden'> = (model, { now }) => [
  { ...model, isVisible: false, hiddenAt: now },
  [{ do: 'say', say: 'hidden' }],
]
const shownQuietly: Handler<'shown'> = (model) => [{ ...model, isVisible: true }, []]
const hiddenQuietly: Handler<'hidden'> = (model, { now }) => [{ ...model, isVisible: false, hiddenAt: now }, []]

const leaveQueue =
  (state: 'idle' | 'stopped') =>
  (model: Model, { now }: { readonly now: number }): Step => {
    const end: Effect = state === 'stopped' ? { do: 'end', error: CLOSED() } : { do: 'detach', error: MOVED() }
    return [enter(model, state, now, { leader: '' }), [{ do: 'release' }, { do: 'say', say: 'bye' }, end]]
  }
const handTo =
  (after: After) =>
  (model: Model, { now }: { readonly now: number }): Step =>
    hand(model, now, after)
const endIdle: Handler<'stop'> = (model, { now }) => [enter(model, 'stopped', now), [{ do: 'end', error: CLOSED() }]]

const queued = {
  start: stay,
  granted,
  ready: stay,
  dead: refused,
  frozen: stay,
  heard: heardFollowing,
  shown,
  hidden,
  sleep: leaveQueue('idle'),
  stop: leaveQueue('stopped'),
} as const
const over = {
  start: stay,
  granted: refuse,
  ready: stay,
  dead: stay,
  frozen: stay,
  heard: stay,
  pong: stay,
  lost: stay,
  tick: stay,
  shown: shownQuietly,
  hidden: hiddenQuietly,
  sleep: stay,
} as const

/** Every state meets every event; a hole does not compile. */
const TABLE: { readonly [S in State]: Row } = {
  idle: { ...over, start, stop: endIdle },
  seeking: { ...queued, pong: stay, lost: stay, tick: tickSeeking },
  linking: { ...queued, pong: pongLinking, lost: stay, tick: tickLinking },
  following: { ...queued, pong: pongFollowing, lost, tick: tickFollowing },
  silent: { ...queued, pong: pongSilent, lost, tick: tickSilent },
  starting: {
    start: stay,
    granted: stay,
    ready,
    dead,
    frozen: stay,
    heard: heardLeading,
    pong: stay,
    lost: stay,
    tick: tickBeat,
    shown,
    hidden,
    sleep: handTo('idle'),
    stop: handTo('stopped'),
  },
  leading: {
    start: stay,
    granted: stay,
    ready: stay,
    dead,
    frozen: stay,
    heard: heardLeading,
    pong: stay,
    lost: stay,
    tick: tickLeading,
    shown,
    hidden,
    sleep: handTo('idle'),
    stop: handTo('stopped'),
  },
  handing: {
    start: changeAfter('requeue'),
    granted: stay,
    ready: stay,
    dead: deadHanding,
    frozen,
    heard: heardHanding,
    pong: stay,
    lost: stay,
    tick: tickHanding,
    shown,
    hidden,
    sleep: changeAfter('idle'),
    stop: changeAfter('stopped'),
  },
  outdated: { ...over, stop: endIdle },
  stopped: { ...over, stop: stay },
}

/** For tests: every state and every event. */
export const STATES = /* @__PURE__ */ Object.keys(TABLE) as State[]
export const EVENTS = /* @__PURE__ */ Object.keys(TABLE.idle) as Event['type'][]
