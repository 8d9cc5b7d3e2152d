/** Carries out the machine's effects: lock, Worker, channels, links. All decisions are machine.ts's. */

import type { CoreWorker } from '@rockpool/worker'
import { broadcastLink, type Channel } from '@rockpool/worker/broadcast-link'
import type { FromBroker, ToBroker } from '@rockpool/worker/broker'
import type { ControlError, FromWorker, OnPort } from '@rockpool/worker/control'
import { portLink, type Link, type LinkEvents } from '@rockpool/worker/link'
import { learnTables } from '../codec.ts'
import type { Session } from '../session.ts'
import { failure, kindOf, type RockpoolError } from '../error.ts'
import { PageVisible, VisibleMessage } from '../gen/wire.ts'
import type { TabEnvironment, LockTicket } from './environment.ts'
import type { Gate } from './gate.ts'
import { initial, step, type Effect, type Event, type Message, type Model, type Say, type State } from './machine.ts'

/** Milliseconds between ticks of a tab that waits for something, and of one at rest. */
const TICK_BUSY_MS = 250
const TICK_REST_MS = 1_000

/** Milliseconds after which the broker is asked again for a tab that it has not met. */
const REINTRODUCE_MS = 50

/** An event before it is sent. */
type Untimed<E> = E extends Event ? Omit<E, 'now'> : never

/** What an agent tells its database. */
export interface AgentEvents {
  silence(why: RockpoolError): void
  end(why: RockpoolError): void
  state(state: State): void
}

/** One tab's part in one database. */
export class TabAgent {
  readonly #name: string
  readonly #environment: TabEnvironment
  readonly #session: Session
  readonly #events: AgentEvents
  #model: Model
  #lock: LockTicket | null = null
  #worker: CoreWorker | null = null
  #link: Link | null = null
  #channel: Channel | null
  #broker: MessagePort | null = null
  #timer: ReturnType<typeof setTimeout> | undefined
  #spawnTimer: ReturnType<typeof setTimeout> | undefined
  #pings = 0
  /** Links that were asked for and have not answered: the first that does is kept, so a busy leader is not asked anew. */
  readonly #candidates = new Set<Link>()
  readonly #unwatch: () => void

  /** `session` gets the links to Workers that answer: the leader's own, or a follower's. */
  constructor(name: string, gate: Gate, environment: TabEnvironment, session: Session, events: AgentEvents) {
    this.#name = name
    this.#environment = environment
    this.#session = session
    this.#events = events
    this.#model = initial(environment.tab, gate, environment.isVisible())
    this.#channel = environment.channel('rockpool:' + name)
    if (this.#channel !== null)
      this.#channel.onmessage = ({ data }: MessageEvent<Message>) => {
        this.#send({ type: 'heard', message: data })
      }
    const on = (type: 'shown' | 'hidden' | 'sleep' | 'start') => () => {
      this.#send({ type })
    }
    this.#unwatch = environment.watchPage(on('shown'), on('hidden'), on('sleep'), on('start'))
    this.#send({ type: 'start' })
  }

  /** Whether it has left for good: nothing of this tab holds the files any more. */
  get isOver(): boolean {
    return this.#model.state === 'stopped' || this.#model.state === 'outdated'
  }

  /** Leaves: hands over if it leads. `AgentEvents.end` comes when that is done. */
  stop(): void {
    this.#send({ type: 'stop' })
  }

  #id(tab: string): string {
    return this.#name + '/' + tab
  }

  #send(event: Untimed<Event>): void {
    const before = this.#model.state
    const [model, effects] = step(this.#model, { ...event, now: this.#environment.now() })
    this.#model = model
    for (const effect of effects) this.#run(effect)
    if (this.#model.state !== before) this.#events.state(this.#model.state)
    this.#schedule()
  }

  #schedule(): void {
    clearTimeout(this.#timer)
    const { state } = this.#model
    if (this.isOver || state === 'idle') return
    const isBusy = state === 'seeking' || state === 'linking' || state === 'handing'
    this.#timer = setTimeout(
      () => {
        this.#send({ type: 'tick' })
      },
      isBusy ? TICK_BUSY_MS : TICK_REST_MS,
    )
  }

  #run(effect: Effect): void {
    switch (effect.do) {
      case 'queue': {
        this.#lock?.release()
        const ticket = this.#environment.lock(
          'rockpool:' + this.#name,
          () => {
            if (this.#lock === ticket) this.#send({ type: 'granted' })
          },
          (cause) => {
            const error = failure(
              'storage_unavailable',
              'open database',
              'the browser refuses storage to this page',
              "allow site data, or open with storage: 'memory'",
              { cause },
            )
            this.#send({ type: 'dead', error })
          },
        )
        this.#lock = ticket
        return
      }
      case 'release':
        this.#lock?.release()
        this.#lock = null
        return
      case 'spawn':
        clearTimeout(this.#spawnTimer)
        if (effect.after === 0) this.#spawn()
        else
          this.#spawnTimer = setTimeout(() => {
            this.#spawn()
          }, effect.after)
        return
      case 'drain':
        clearTimeout(this.#spawnTimer)
        if (this.#worker === null)
          queueMicrotask(() => {
            this.#send({ type: 'frozen' })
          })
        else this.#worker.post({ rp: 'freeze' })
        return
      case 'terminate': {
        const worker = this.#worker
        this.#worker = null
        worker?.terminate()
        return
      }
      case 'own': {
        this.#dropLink()
        const port = this.#worker?.own()
        if (port === undefined) return
        const link = this.#connect((events) => portLink(port, events))
        this.#link = link
        // A broker that is not there yet is a Worker to start: the page's own first rows go ahead of it.
        void this.#session.attach(link).then(() => {
          if (this.#link === link) this.#meetBroker()
        })
        return
      }
      case 'link':
        this.#openLink(effect.leader, effect.by)
        return
      case 'serve':
        this.#worker?.post({ rp: 'channel', name: effect.channel })
        return
      case 'ping':
        this.#link?.tell({ rp: 'ping', n: ++this.#pings })
        return
      case 'say':
        this.#say(effect.say, '', '')
        if (effect.say === 'visible' || effect.say === 'hidden')
          this.#session.tell(PageVisible, VisibleMessage, { visible: effect.say === 'visible' })
        return
      case 'attach':
        if (this.#link !== null) void this.#session.attach(this.#link)
        return
      case 'detach':
        this.#dropLink()
        this.#session.detach(effect.error)
        return
      case 'silence':
        this.#events.silence(effect.error)
        return
      case 'thaw':
        this.#session.thaw()
        return
      case 'end':
        this.#close(effect.error)
        return
      default: {
        const never: never = effect
        void never
      }
    }
  }

  #spawn(): void {
    const worker = this.#environment.spawn(this.#name)
    this.#worker = worker
    worker.onmessage = (message: FromWorker) => {
      if (this.#worker !== worker) return
      if (message.rp === 'dead') this.#send({ type: 'dead', error: fromControl(message.error) })
      else this.#send({ type: message.rp })
    }
  }

  /** Each meeting finds a living broker: one may die with the tab whose process ran it, and nobody hears of that. */
  #meetBroker(): void {
    this.#broker?.close()
    this.#broker = this.#environment.broker()
    if (this.#broker === null) return
    this.#broker.onmessage = ({ data }: MessageEvent<FromBroker>) => {
      this.#introduced(data)
    }
    this.#toBroker({ iam: this.#id(this.#environment.tab) })
  }

  #openLink(leader: string, by: 'broker' | 'channel'): void {
    if (by === 'broker') {
      this.#dropLink()
      this.#meetBroker()
    }
    const link = by === 'broker' && this.#broker !== null ? this.#askBroker(leader) : this.#askOnChannel(leader)
    if (link === null) return
    this.#candidates.add(link)
    this.#knock(link, 0)
  }

  #askBroker(leader: string): Link {
    const { port1, port2 } = new MessageChannel()
    this.#toBroker({ to: this.#id(leader), from: this.#id(this.#model.tab), port: port2 }, [port2])
    return this.#connect((events) => portLink(port1, events))
  }

  /** The way without a broker; also where its script cannot be loaded, as without a network. */
  #askOnChannel(leader: string): Link | null {
    const name = `rockpool:${this.#name}:${this.#model.tab}:${++this.#pings}`
    const channel = this.#environment.channel(name)
    if (channel === null) return null
    const link = this.#connect((events) => broadcastLink(channel, 'tab', events))
    this.#say('want', leader, name)
    return link
  }

  /** A channel may be opened later at the other end than here, and a first ping be lost: knock until somebody answers. */
  #knock(link: Link, times: number): void {
    if (!this.#candidates.has(link) || times > 10) return
    link.tell({ rp: 'ping', n: ++this.#pings })
    setTimeout(() => {
      this.#knock(link, times + 1)
    }, 20 << Math.min(times, 4))
  }

  /** Makes a link; what it brings counts while it is ours. */
  #connect(make: (events: LinkEvents) => Link): Link {
    const link = make({
      frame: (frame) => {
        if (this.#link === link) this.#session.receive(frame)
      },
      control: (message: OnPort) => {
        if (message.rp === 'tables') {
          learnTables(message.text)
          return
        }
        if (this.#candidates.has(link)) this.#answered(link, message)
        if (this.#link !== link) return
        if (message.rp === 'pong') this.#send({ type: 'pong' })
        else if (message.rp === 'gone' || message.rp === 'bye') {
          const why = 'error' in message ? message.error : undefined
          const error = why
            ? fromControl(why)
            : failure('leader_unreachable', 'use the database', 'the leading tab has handed over')
          this.#send({ type: 'lost', error })
        }
      },
    })
    return link
  }

  /** A candidate has said something: it is the link from now on, or it is none. */
  #answered(link: Link, message: OnPort): void {
    this.#candidates.delete(link)
    if (message.rp === 'pong' && this.#model.state === 'linking') {
      this.#dropLink()
      this.#link = link
    } else {
      link.close()
    }
  }

  /** Another tab wants a port to our Worker, or the broker has not met the leader yet. */
  #introduced(message: FromBroker): void {
    if (!('port' in message)) {
      setTimeout(() => {
        const { state, by, leader } = this.#model
        if (state === 'linking' && by === 'broker' && message.unknown === this.#id(leader)) this.#openLink(leader, by)
      }, REINTRODUCE_MS)
      return
    }
    if (this.#model.state === 'leading' && this.#worker !== null)
      this.#worker.post({ rp: 'port', port: message.port }, [message.port])
    else message.port.postMessage({ rp: 'gone' } satisfies OnPort)
  }

  #say(say: Say, to: string, channel: string): void {
    const { gate, tab, isVisible: visible } = this.#model
    this.#channel?.postMessage({ ...gate, say, tab, visible, to, channel } satisfies Message)
  }

  #toBroker(message: ToBroker, transfer: Transferable[] = []): void {
    this.#broker?.postMessage(message, transfer)
  }

  #dropLink(): void {
    const links = [this.#link, ...this.#candidates]
    this.#link = null
    this.#candidates.clear()
    for (const link of links) link?.close()
  }

  #close(why: RockpoolError): void {
    clearTimeout(this.#timer)
    clearTimeout(this.#spawnTimer)
    this.#unwatch()
    this.#events.end(why)
    this.#dropLink()
    this.#toBroker({ bye: this.#id(this.#model.tab) })
    this.#broker?.close()
    this.#broker = null
    // An outdated tab has said all it has to say; a closed one too.
    this.#channel?.close()
    this.#channel = null
  }
}

function fromControl(error: ControlError): RockpoolError {
  return failure(kindOf(error.kind), error.op, error.message, error.hint)
}
