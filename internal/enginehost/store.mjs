// Files in memory behind the engine's pool, made to fail. Every write, truncate
// and flush is an operation: it can be recorded, be made to fail, and be played
// again as a power cut would leave it.

const SECTOR = 512
const SUFFIXES = ['', '-journal', '-wal']

/** A growing array of bytes with the calls of a sync access handle, less flush. */
export class Bytes {
  #data = new Uint8Array(0)
  size = 0

  read(to, at) {
    const n = Math.max(0, Math.min(to.length, this.size - at))
    to.set(this.#data.subarray(at, at + n))
    return n
  }

  write(from, at) {
    const end = at + from.length
    if (end > this.#data.length) {
      const grown = new Uint8Array(Math.max(end, this.#data.length * 2))
      grown.set(this.#data.subarray(0, this.size))
      this.#data = grown
    }
    if (at > this.size) this.#data.fill(0, this.size, at)
    this.#data.set(from, at)
    this.size = Math.max(this.size, end)
  }

  truncate(size) {
    if (size > this.size) this.write(new Uint8Array(size - this.size), this.size)
    this.#data.fill(0, size, this.size)
    this.size = size
  }

  copy() {
    return this.#data.slice(0, this.size)
  }
}

/** A small generator, so that a printed seed gives the same cut again (mulberry32). */
export function random(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

export const LOSS = { kept: 0, dropped: 1, torn: 2, shuffled: 3 }

export class Store {
  files = new Map()
  #recorded = ''
  #start = new Map()
  #operations = []
  #failAfter = -1
  #failKind = 0
  hasFailed = false
  quota = 0

  /** A handle of a file, which is made when it is new. */
  open(name) {
    let bytes = this.files.get(name)
    if (bytes === undefined) {
      bytes = new Bytes()
      this.files.set(name, bytes)
    }
    return {
      read: (to, { at }) => bytes.read(to, at),
      write: (from, { at }) => {
        this.#operate(name, { kind: 'write', at, bytes: from })
        this.#fit(Math.max(0, at + from.length - bytes.size))
        bytes.write(from, at)
        return from.length
      },
      truncate: (size) => {
        this.#operate(name, { kind: 'truncate', size })
        this.#fit(Math.max(0, size - bytes.size))
        bytes.truncate(size)
      },
      flush: () => this.#operate(name, { kind: 'flush' }),
      getSize: () => bytes.size,
      close: () => undefined,
    }
  }

  #fit(more) {
    if (this.quota <= 0) return
    let used = 0
    for (const file of this.files.values()) used += file.size
    if (used + more > this.quota) throw Object.assign(new Error('the quota is used up'), { name: 'QuotaExceededError' })
  }

  #operate(name, operation) {
    if (this.#failAfter >= 0 && this.#failAfter-- === 0) {
      this.hasFailed = true
      throw Object.assign(new Error(`${operation.kind} of ${name} fails on demand`), {
        name: this.#failKind === 1 ? 'QuotaExceededError' : 'InvalidStateError',
      })
    }
    if (this.#recorded === '' || !name.startsWith(this.#recorded)) return
    this.#operations.push({ ...operation, bytes: operation.bytes?.slice(), suffix: name.slice(this.#recorded.length) })
  }

  /** Makes the files of `to` what those of `from` hold now. */
  copy(from, to) {
    for (const suffix of SUFFIXES)
      this.#file(to + suffix).write(this.files.get(from + suffix)?.copy() ?? new Uint8Array(0), 0)
  }

  /** Makes a file what the bytes are. */
  put(name, bytes) {
    this.#file(name).write(bytes, 0)
  }

  /** The file, emptied. */
  #file(name) {
    const file = this.files.get(name) ?? new Bytes()
    file.truncate(0)
    this.files.set(name, file)
    return file
  }

  failAfter(n, kind) {
    this.#failAfter = n
    this.#failKind = kind
    this.hasFailed = false
  }

  record(database) {
    this.#recorded = database
    this.#operations = []
    this.#start = new Map()
    for (const [name, bytes] of this.files)
      if (name.startsWith(database)) this.#start.set(name.slice(database.length), bytes.copy())
  }

  get operations() {
    return this.#operations.length
  }

  /** Writes the files of `database` as a cut after n operations leaves them. */
  replay(database, n, loss, seed) {
    const chance = random(seed)
    for (const suffix of SUFFIXES) {
      const mine = this.#operations.slice(0, n).filter((operation) => operation.suffix === suffix)
      const flushed = mine.findLastIndex((operation) => operation.kind === 'flush') + 1
      const file = this.#file(database + suffix)
      const start = this.#start.get(suffix)
      if (start !== undefined) file.write(start, 0)
      mine.forEach((operation, i) => {
        if (i < flushed) apply(file, operation)
        else lose(file, operation, loss, chance)
      })
    }
  }
}

function apply(file, operation) {
  if (operation.kind === 'write') file.write(operation.bytes, operation.at)
  if (operation.kind === 'truncate') file.truncate(operation.size)
}

/** Applies what is left of an operation that was not flushed. */
function lose(file, operation, loss, chance) {
  if (loss === LOSS.kept) apply(file, operation)
  if (loss === LOSS.kept || loss === LOSS.dropped) return
  if (loss === LOSS.shuffled || operation.kind !== 'write') {
    if (chance() < 0.5) apply(file, operation)
    return
  }
  for (let from = 0; from < operation.bytes.length; ) {
    const to = Math.min(operation.bytes.length, from + SECTOR - ((operation.at + from) % SECTOR))
    if (chance() < 0.5) file.write(operation.bytes.subarray(from, to), operation.at + from)
    from = to
  }
}
