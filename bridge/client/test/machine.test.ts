import { describe, expect, test } from 'vitest'
import { RockpoolError } from '../src/error.ts'
import {
  DEATHS_MAX,
  DRAIN_MS,
  EVENTS,
  HIDDEN_MS,
  initial,
  CHANNEL_MS,
  LINK_MS,
  PASSES_MAX,
  PEER_MS,
  SILENT_MS,
  SILENT_PINGS,
  STATES,
  step,
  type Effect,
  type Event,
  type Message,
  type Model,
  type State,
} from '../src/tabs/machine.ts'

const gate = { build: 5, storage: 1, version: 1 }
const error = new RockpoolError({ kind: 'worker_died', op: 'test', message: 'died' })
const fatal = new RockpoolError({ kind: 'storage_unavailable', op: 'test', message: 'no storage' })
const say = (change: Partial<Message>): Message => ({
  ...gate,
  say: 'hello',
  tab: 'B',
  visible: false,
  to: '',
  channel: '',
  ...change,
})

function model(state: State, change: Partial<Model> = {}): Model {
  return {
    ...initial('A', gate, true),
    state,
    leader: state === 'leading' || state === 'starting' ? 'A' : 'L',
    ...change,
  }
}
function doing(effects: readonly Effect[]): string {
  return effects
    .map((effect) => effect.do + ('say' in effect ? ':' + effect.say : '') + ('by' in effect ? ':' + effect.by : ''))
    .join(' ')
}

/** Plays events; returns the last state and all effects. */
function play(from: Model, ...events: Event[]): { model: Model; effects: string } {
  let now = from
  const all: Effect[] = []
  for (const event of events) {
    const [next, effects] = step(now, event)
    now = next
    all.push(...effects)
  }
  return { model: now, effects: doing(all) }
}

const sample: { [E in Event['type']]: Extract<Event, { type: E }> } = {
  start: { type: 'start', now: 1 },
  granted: { type: 'granted', now: 1 },
  ready: { type: 'ready', now: 1 },
  dead: { type: 'dead', now: 1, error },
  frozen: { type: 'frozen', now: 1 },
  heard: { type: 'heard', now: 1, message: say({ say: 'leader', tab: 'B' }) },
  pong: { type: 'pong', now: 1 },
  lost: { type: 'lost', now: 1, error },
  tick: { type: 'tick', now: 1 },
  shown: { type: 'shown', now: 1 },
  hidden: { type: 'hidden', now: 1 },
  sleep: { type: 'sleep', now: 1 },
  stop: { type: 'stop', now: 1 },
}

describe('the whole table', () => {
  // Every state × every event: where it leads and what it does. Read the diff before you change a line.
  const table = STATES.flatMap((state) =>
    EVENTS.map((event) => {
      const { model: next, effects } = play(model(state, { since: 0 }), sample[event])
      return `${state.padEnd(9)} ${event.padEnd(7)} → ${next.state.padEnd(9)} ${effects}`.trimEnd()
    }),
  ).join('\n')
  test('is as written', () => {
    expect(table).toMatchSnapshot()
  })

  test('effects that need the lock come only from states that hold it', () => {
    for (const state of STATES)
      for (const event of EVENTS) {
        const { model: next, effects } = play(model(state), sample[event])
        if (/\b(own|serve|drain)\b/.test(effects)) expect(['starting', 'leading', 'handing']).toContain(state)
        if (/\bspawn\b/.test(effects)) expect(next.state).toBe('starting')
      }
  })
})

describe('leadership', () => {
  const now = 1_000_000
  test('a hidden leader hands over after HIDDEN_MS, and only to a visible follower', () => {
    const hidden = model('leading', { isVisible: false, hiddenAt: now })
    expect(play(hidden, { type: 'tick', now: now + HIDDEN_MS }).model.state).toBe('leading')
    const heard: Event = { type: 'heard', now: now + HIDDEN_MS - 1, message: say({ say: 'visible', visible: true }) }
    expect(play(hidden, heard, { type: 'tick', now: now + HIDDEN_MS - 1 }).model.state).toBe('leading')
    expect(play(hidden, heard, { type: 'tick', now: now + HIDDEN_MS })).toMatchObject({
      model: { state: 'handing', after: 'requeue' },
      effects: 'drain',
    })
    const stale: Event = {
      type: 'heard',
      now: now + HIDDEN_MS - PEER_MS,
      message: say({ say: 'visible', visible: true }),
    }
    expect(play(hidden, stale, { type: 'tick', now: now + HIDDEN_MS }).model.state).toBe('leading')
  })

  test('whoever takes the lock says so at once, and the old link is given up then', () => {
    expect(play(model('following'), { type: 'granted', now }).effects).toBe('detach say:taking spawn')
    const taking: Event = { type: 'heard', now, message: say({ say: 'taking' }) }
    for (const state of ['following', 'silent'] as const) {
      const { model: next, effects } = play(model(state), taking)
      expect([next.state, next.leader, effects]).toEqual(['seeking', '', 'detach'])
    }
    expect(play(model('linking'), taking)).toMatchObject({ model: { state: 'seeking' }, effects: '' })
    expect(play(model('leading'), taking)).toMatchObject({ model: { state: 'leading' }, effects: '' })
  })

  test('the lock goes only after the files are closed', () => {
    const { model: handing, effects } = play(model('leading'), { type: 'sleep', now })
    expect(effects).toBe('drain')
    expect(play(handing, { type: 'frozen', now: now + 5 })).toMatchObject({
      model: { state: 'idle' },
      effects: 'detach terminate release say:bye',
    })
    expect(play(handing, { type: 'tick', now: now + DRAIN_MS - 1 }).model.state).toBe('handing')
    expect(play(handing, { type: 'tick', now: now + DRAIN_MS }).effects).toBe('detach terminate release say:bye')
  })

  test('a hidden tab passes the lock on to a visible one, PASSES_MAX times', () => {
    let tab = play(model('following', { isVisible: false }), {
      type: 'heard',
      now,
      message: say({ say: 'visible', visible: true }),
    }).model
    for (let pass = 0; pass < PASSES_MAX; pass++) {
      const next = play(tab, { type: 'granted', now })
      expect(next.effects).toBe('release queue')
      tab = next.model
    }
    expect(play(tab, { type: 'granted', now })).toMatchObject({
      model: { state: 'starting' },
      effects: 'detach say:taking spawn',
    })
  })

  test('a core that dies again and again ends the tab with its error, and lets the lock go', () => {
    let tab = model('leading', { since: now })
    for (let death = 1; death <= DEATHS_MAX; death++) {
      const next = play(tab, { type: 'dead', now, error }, { type: 'ready', now })
      expect(next.model.state).toBe('leading')
      tab = next.model
    }
    expect(play(tab, { type: 'dead', now, error })).toMatchObject({
      model: { state: 'stopped' },
      effects: 'terminate release end',
    })
  })

  test('a boot that cannot succeed is not repeated', () => {
    expect(play(model('starting'), { type: 'dead', now, error: fatal })).toMatchObject({
      model: { state: 'stopped' },
      effects: 'terminate release end',
    })
  })
})

describe('builds', () => {
  const now = 10
  const newer = say({ build: 6 }),
    older = say({ build: 4 })
  test.each(['seeking', 'linking', 'following', 'silent'] as const)('%s: a newer build makes it outdated', (state) => {
    expect(play(model(state), { type: 'heard', now, message: newer })).toMatchObject({
      model: { state: 'outdated' },
      effects: 'release end',
    })
  })
  test('an older leader drains before it makes way', () => {
    expect(play(model('leading'), { type: 'heard', now, message: newer }, { type: 'frozen', now })).toMatchObject({
      model: { state: 'outdated' },
      effects: 'drain terminate release end',
    })
  })
  test('a newer tab never links to an older leader, and tells it', () => {
    expect(play(model('seeking'), { type: 'heard', now, message: { ...older, say: 'leader' } })).toMatchObject({
      model: { state: 'seeking' },
      effects: 'say:hello',
    })
  })
  test('an outdated tab that is granted the lock lets it go', () => {
    expect(play(model('outdated'), { type: 'granted', now }).effects).toBe('release')
  })
})

describe('links', () => {
  const now = 50_000
  test('the broker is tried first, then the channel, then the leader is looked for again', () => {
    const first = play(model('seeking'), { type: 'heard', now, message: say({ say: 'leader', tab: 'L' }) })
    expect(first.effects).toBe('link:broker')
    const second = play(first.model, { type: 'tick', now: now + LINK_MS })
    expect(second.effects).toBe('link:channel')
    expect(play(second.model, { type: 'tick', now: now + LINK_MS + CHANNEL_MS })).toMatchObject({
      model: { state: 'seeking' },
      effects: 'say:who',
    })
    expect(play(second.model, { type: 'pong', now: now + LINK_MS + 1 })).toMatchObject({
      model: { state: 'following' },
      effects: 'attach',
    })
  })

  test('silence takes both time and pings, and ends with an answer', () => {
    let tab = model('following', { pongAt: now })
    for (let ping = 0; ping < SILENT_PINGS; ping++) tab = play(tab, { type: 'tick', now: now + SILENT_MS - 1 }).model
    expect(tab.state).toBe('following')
    expect(play(model('following', { pongAt: now }), { type: 'tick', now: now + 60_000 }).model.state).toBe('following')
    const silent = play(tab, { type: 'tick', now: now + SILENT_MS })
    expect(silent).toMatchObject({ model: { state: 'silent' }, effects: 'silence ping' })
    expect(play(silent.model, { type: 'pong', now: now + 90_000 })).toMatchObject({
      model: { state: 'following' },
      effects: 'thaw',
    })
  })

  test('nobody answers from the start: it is told once', () => {
    const told = play(
      model('seeking', { since: now, beatAt: now }),
      { type: 'tick', now: now + SILENT_MS },
      { type: 'tick', now: now + SILENT_MS + 250 },
    )
    expect(told.effects).toBe('say:who silence say:who')
  })
})
