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

/** What an event changes and what is to be done. A change that names a state enters it, be it the same one again. */
type Answer = readonly [Partial<Model>, ...(readonly Effect[])]
type Handler<E extends Event['type']> = (model: Model, event: Extract<Event, { type: E }>) => Answer
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
  const handler = TABLE[model.state][event.type] as (model: Model, event: Event) => Answer // the table's type pairs them
  const [change, ...effects] = handler(model, event)
  return [{ ...model, since: change.state === undefined ? model.since : event.now, ...change }, effects]
}

/** Another build rules the files: the error of a tab that has to be reloaded. */
export const reloadNeeded = () =>
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

const say = (what: Say): Effect => ({ do: 'say', say: what })
const detach = (error: RockpoolError): Effect => ({ do: 'detach', error })
const end = (error: RockpoolError): Effect => ({ do: 'end', error })

/** Looks for whoever leads. */
const SEEK = { state: 'seeking', leader: '', isToldUnreachable: false } as const

const stay = (): Answer => [{}]

const start: Handler<'start'> = (_, { now }) => [
  { ...SEEK, beatAt: now, hiddenAt: now, passes: 0, after: 'requeue' },
  say('hello'),
  { do: 'queue' },
]

/** The lock is ours, unless a visible tab should have it. */
const granted: Handler<'granted'> = (model, { now }) => {
  if (!model.isVisible && hasVisiblePeer(model, now) && model.passes < PASSES_MAX)
    return [{ passes: model.passes + 1 }, { do: 'release' }, { do: 'queue' }]
  return [
    { state: 'starting', leader: model.tab, passes: 0 },
    ...unlink(model),
    say('taking'),
    { do: 'spawn', after: 0 },
  ]
}

/** The link to a Worker that this tab does not use any more, if there is one. */
function unlink({ state }: Model): Effect[] {
  return state === 'following' || state === 'silent' ? [detach(MOVED())] : []
}

/** The lock was granted to a tab that does not want it any more. */
const refuse: Handler<'granted'> = () => [{}, { do: 'release' }]

const ready: Handler<'ready'> = () => [{ state: 'leading', isToldUnreachable: false }, { do: 'own' }, say('leader')]

const dead: Handler<'dead'> = (model, { now, error }) => {
  const deaths = model.state === 'leading' && now - model.since > HEALTHY_MS ? 1 : model.deaths + 1
  const isHopeless = deaths > DEATHS_MAX || (model.state === 'starting' && !error.retryable)
  if (isHopeless) return [{ state: 'stopped' }, { do: 'terminate' }, { do: 'release' }, end(error)]
  return [
    { state: 'starting', deaths },
    { do: 'terminate' },
    detach(error),
    say('taking'), // a Worker that was killed has told nobody
    { do: 'spawn', after: RESPAWN_MS * 2 ** (deaths - 1) },
  ]
}

/** Leaves the queue for the lock. */
function leave(state: 'idle' | 'stopped', last: Effect): Answer {
  return [{ state, leader: '' }, { do: 'release' }, say('bye'), last]
}

/** The browser has refused the lock: this tab can never lead. */
const refused: Handler<'dead'> = (_, { error }) => leave('stopped', end(error))

const handTo = (after: After) => (): Answer => [{ state: 'handing', after }, { do: 'drain' }]

/** The Worker has drained, or has died over it, or takes too long: the lock lets the next tab in all the same. */
function handed({ after }: Model): Answer {
  const over: Effect[] = [{ do: 'terminate' }, { do: 'release' }]
  switch (after) {
    case 'requeue':
      return [{ ...SEEK, passes: 0 }, detach(MOVED()), ...over, say('who'), { do: 'queue' }]
    case 'idle':
      return [{ state: 'idle', leader: '' }, detach(MOVED()), ...over, say('bye')]
    case 'outdated':
      return [{ state: 'outdated' }, ...over, end(reloadNeeded())]
    case 'stopped':
      return [{ state: 'stopped' }, ...over, say('bye'), end(CLOSED())]
    default: {
      const never: never = after
      return never
    }
  }
}

/** While handing over, a later wish outranks an earlier one: stop and outdated are final. */
const changeAfter =
  (after: After) =>
  (model: Model): Answer => [
    model.after === 'stopped' || (model.after === 'outdated' && after !== 'stopped') ? {} : { after },
  ]

function hasVisiblePeer(model: Model, now: number): boolean {
  for (const at of model.visiblePeers.values()) if (now - at < PEER_MS) return true
  return false
}

/** Hears other tabs: those of this build by `same`, of a newer one by `newer`. */
const hear =
  (same: Handler<'heard'>, newer: (model: Model) => Answer): Handler<'heard'> =>
  (model, event) => {
    const { message, now } = event
    const order = compareGates(message, model.gate)
    if (order > 0) return newer(model)
    // An older build says what asks for an answer: it learns of ours by a hello.
    if (order < 0) return ['hello', 'leader', 'who'].includes(message.say) ? [{}, say('hello')] : stay()
    const visiblePeers = new Map(model.visiblePeers)
    if (message.visible && message.say !== 'bye') visiblePeers.set(message.tab, now)
    else visiblePeers.delete(message.tab)
    const [change, ...effects] = same(model, event)
    return [{ visiblePeers, ...change }, ...effects]
  }

const hearLeader: Handler<'heard'> = (model, { message }) => {
  // The Worker that this tab used is gone, and the next one is on its way.
  if (message.say === 'taking') return [SEEK, ...unlink(model)]
  if (message.say !== 'leader') return stay()
  if (message.tab !== model.leader || model.state === 'seeking') return link(model, message.tab, 'broker')
  return model.state === 'silent' ? [{}, { do: 'ping' }] : stay()
}

function link(model: Model, leader: string, by: 'broker' | 'channel'): Answer {
  return [{ state: 'linking', leader, by }, ...unlink(model), { do: 'link', leader, by }]
}

const hearFollower: Handler<'heard'> = (model, { message }) => {
  if (message.say === 'hello' || message.say === 'who') return [{}, say('leader')]
  if (message.say === 'want' && message.to === model.tab) return [{}, { do: 'serve', channel: message.channel }]
  return stay()
}

const lost: Handler<'lost'> = (_, { error }) => [SEEK, detach(error), say('who')]

/** The leader's Worker answers. */
const follow =
  (...effects: readonly Effect[]): Handler<'pong'> =>
  (_, { now }) => [{ state: 'following', pongAt: now, unanswered: 0, isToldUnreachable: false }, ...effects]

/** A visible tab gives a sign of life. */
const beat: Handler<'tick'> = (model, { now }) =>
  model.isVisible && now - model.beatAt >= BEAT_MS ? [{ beatAt: now }, say('visible')] : stay()

/** After SILENT_MS in vain the health says why: somebody has the lock and does not answer. */
const tickSeeking: Handler<'tick'> = (model, event) => {
  const [change, ...effects] = beat(model, event)
  if (model.isToldUnreachable || event.now - model.since < SILENT_MS) return [change, ...effects, say('who')]
  return [{ ...change, isToldUnreachable: true }, ...effects, say('who'), { do: 'silence', error: FROZEN() }]
}

const tickLinking: Handler<'tick'> = (model, { now }) => {
  if (now - model.since < (model.by === 'broker' ? LINK_MS : CHANNEL_MS)) return stay()
  if (model.by === 'broker') return link(model, model.leader, 'channel')
  return [{ state: 'seeking', leader: '' }, say('who')]
}

const tickFollowing: Handler<'tick'> = (model, event) => {
  if (model.unanswered >= SILENT_PINGS && event.now - model.pongAt >= SILENT_MS)
    return [{ state: 'silent' }, { do: 'silence', error: FROZEN() }, { do: 'ping' }]
  const [change, ...effects] = beat(model, event)
  return [{ ...change, unanswered: model.unanswered + 1 }, ...effects, { do: 'ping' }]
}

const tickSilent: Handler<'tick'> = (model, event) => [...beat(model, event), { do: 'ping' }]

const tickLeading: Handler<'tick'> = (model, event) =>
  !model.isVisible && event.now - model.hiddenAt >= HIDDEN_MS && hasVisiblePeer(model, event.now)
    ? handTo('requeue')()
    : beat(model, event)

const tickHanding: Handler<'tick'> = (model, { now }) => (now - model.since >= DRAIN_MS ? handed(model) : stay())

const noteShown: Handler<'shown'> = (_, { now }) => [{ isVisible: true, beatAt: now }]
const noteHidden: Handler<'hidden'> = (_, { now }) => [{ isVisible: false, hiddenAt: now }]

const stop = (): Answer => [{ state: 'stopped' }, end(CLOSED())]

/** What most states do with an event: nothing, but for being seen. */
const still: Row = {
  start: stay,
  granted: stay,
  ready: stay,
  dead: stay,
  frozen: stay,
  heard: stay,
  pong: stay,
  lost: stay,
  tick: stay,
  shown: (model, event) => [...noteShown(model, event), say('visible')],
  hidden: (model, event) => [...noteHidden(model, event), say('hidden')],
  sleep: stay,
  stop: stay,
}
/** Takes no part. */
const over: Row = { ...still, granted: refuse, shown: noteShown, hidden: noteHidden, stop }
/** Waits for the lock. */
const queued: Row = {
  ...still,
  granted,
  dead: refused,
  heard: hear(hearLeader, () => [{ state: 'outdated' }, { do: 'release' }, end(reloadNeeded())]),
  sleep: () => leave('idle', detach(MOVED())),
  stop: () => leave('stopped', end(CLOSED())),
}
/** Has the lock and a Worker. */
const holding: Row = {
  ...still,
  dead,
  heard: hear(stay, handTo('outdated')),
  sleep: handTo('idle'),
  stop: handTo('stopped'),
}

/** Every state meets every event; a hole does not compile. */
const TABLE: { readonly [S in State]: Row } = {
  idle: { ...over, start },
  seeking: { ...queued, tick: tickSeeking },
  linking: { ...queued, pong: follow({ do: 'attach' }), tick: tickLinking },
  following: { ...queued, pong: follow(), lost, tick: tickFollowing },
  silent: { ...queued, pong: follow({ do: 'thaw' }), lost, tick: tickSilent },
  starting: { ...holding, ready, tick: beat },
  leading: { ...holding, heard: hear(hearFollower, handTo('outdated')), tick: tickLeading },
  handing: {
    ...still,
    start: changeAfter('requeue'),
    dead: handed,
    frozen: handed,
    heard: hear(stay, changeAfter('outdated')),
    tick: tickHanding,
    sleep: changeAfter('idle'),
    stop: changeAfter('stopped'),
  },
  outdated: over,
  stopped: { ...over, stop: stay },
}

/** For tests: every state and every event. */
export const STATES = /* @__PURE__ */ Object.keys(TABLE) as State[]
export const EVENTS = /* @__PURE__ */ Object.keys(still) as Event['type'][]
