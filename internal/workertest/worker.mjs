// The Worker's side of run.mjs: loads the toolchain's wasm_exec.js, gives it a
// stdout that reaches the runner, and runs one test binary.

// Whole lines only would hide a last line without an end: every write is sent on.
const decoder = { 1: new TextDecoder(), 2: new TextDecoder() }
const refuse = (call) => Object.assign(new Error(`${call}: not in a Worker`), { code: 'ENOSYS' })
const constants = { O_WRONLY: 1, O_RDWR: 2, O_CREAT: 64, O_TRUNC: 512, O_APPEND: 1024, O_EXCL: 128, O_DIRECTORY: 65536 }

const write = (fd, bytes) => {
  const stream = decoder[fd]
  if (!stream) throw refuse(`write to file ${fd}`)
  postMessage({ type: 'output', fd, text: stream.decode(bytes, { stream: true }) })
  return bytes.length
}

globalThis.fs = {
  constants,
  writeSync: write,
  write(fd, buffer, offset, length, _position, callback) {
    try {
      callback(null, write(fd, buffer.subarray(offset, offset + length)))
    } catch (error) {
      callback(error)
    }
  },
}
// What a test binary may try at its start or end; all of it fails as on a system without files.
for (const call of [
  'chmod',
  'chown',
  'close',
  'fchmod',
  'fchown',
  'fstat',
  'fsync',
  'ftruncate',
  'lchown',
  'link',
  'lstat',
  'mkdir',
  'open',
  'read',
  'readdir',
  'readlink',
  'rename',
  'rmdir',
  'stat',
  'symlink',
  'truncate',
  'unlink',
  'utimes',
]) {
  globalThis.fs[call] = (...args) => args.at(-1)(refuse(call))
}

self.onmessage = async ({ data: { binary, argv, env, prepare } }) => {
  try {
    await import('/wasm_exec.js')
    const go = new globalThis.Go()
    go.argv = argv
    go.env = env
    go.exit = (code) => postMessage({ type: 'exit', code })
    const ready = prepare ? await (await import(prepare)).prepare(go) : undefined
    const { instance } = await WebAssembly.instantiateStreaming(fetch(binary), go.importObject)
    await ready?.(instance)
    await go.run(instance)
  } catch (error) {
    postMessage({ type: 'broken', text: String(error?.stack ?? error) })
  }
}
