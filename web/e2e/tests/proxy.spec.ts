import { createServer, connect, type AddressInfo, type Socket } from 'node:net'
import { expect, test } from '@playwright/test'
import { NetworkProxy } from '../proxy.ts'

/** An echo server and a proxy before it, closed when the test ends. */
async function echo(): Promise<{ proxy: NetworkProxy; close: () => Promise<void> }> {
  const server = createServer((socket) => {
    socket.on('error', () => {
      socket.destroy()
    })
    socket.pipe(socket)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const proxy = await NetworkProxy.open({ host: '127.0.0.1', port: (server.address() as AddressInfo).port })
  return {
    proxy,
    close: async () => {
      await proxy.close()
      await new Promise<void>((closed) => {
        server.close(() => {
          closed()
        })
      })
    },
  }
}

/** A client that collects what comes back and how it ended. */
function client(port: number): { socket: Socket; text: () => string; ended: Promise<string> } {
  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.on('data', (bytes) => {
    text += bytes.toString()
  })
  const ended = new Promise<string>((resolve) => {
    socket.on('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code ?? error.message)
    })
    socket.on('end', () => {
      resolve('end')
    })
  })
  return { socket, text: () => text, ended }
}

test('a stall holds bytes back in silence and resume delivers them in order', async () => {
  const { proxy, close } = await echo()
  const { socket, text } = client(proxy.port)
  socket.write('one ')
  await expect.poll(text).toBe('one ')
  proxy.stall()
  socket.write('two ')
  const late = client(proxy.port)
  late.socket.write('late')
  await expect.poll(() => proxy.connections).toBe(2)
  // A stalled proxy gives no event to wait for: another echo, past the proxy's own turn, has to do.
  await new Promise((turn) => {
    setTimeout(turn, 100)
  })
  expect([text(), late.text()]).toEqual(['one ', ''])
  socket.write('three')
  proxy.resume()
  await expect.poll(text).toBe('one two three')
  await expect.poll(late.text).toBe('late')
  socket.destroy()
  late.socket.destroy()
  await close()
})

test('a cut resets what is open and refuses what comes until resume', async () => {
  const { proxy, close } = await echo()
  const first = client(proxy.port)
  first.socket.write('x')
  await expect.poll(first.text).toBe('x')
  proxy.cut()
  expect(await first.ended).toBe('ECONNRESET')
  expect(await client(proxy.port).ended).toMatch(/ECONNRESET|end/)
  expect(proxy.open).toBe(0)
  proxy.resume()
  const next = client(proxy.port)
  next.socket.write('y')
  await expect.poll(next.text).toBe('y')
  next.socket.end()
  expect(await next.ended).toBe('end')
  await close()
})

test('a planned cut tears the stream at the byte', async () => {
  const { proxy, close } = await echo()
  const { socket, text, ended } = client(proxy.port)
  socket.write('1234')
  await expect.poll(text).toBe('1234')
  proxy.cutAfter(4 + 2) // four bytes there, two back
  socket.write('5678')
  // Node tells a reset that comes with the last bytes as an end; the bytes after it are gone all the same.
  expect(await ended).toMatch(/ECONNRESET|end/)
  expect(text()).toBe('123456')
  expect(proxy.open).toBe(0)
  await close()
})

test('a web socket over a cut and a stalled proxy', async ({ page }) => {
  // The page sees what a user's browser sees: close code 1006 on a cut.
  const { createServer: http } = await import('node:http')
  const { createHash } = await import('node:crypto')
  const server = http((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html>')
  })
  server.on('upgrade', (request, socket) => {
    socket.on('error', () => {
      socket.destroy()
    })
    const key = createHash('sha1')
      .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64')
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key}\r\n\r\n`,
    )
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const proxy = await NetworkProxy.open({ host: '127.0.0.1', port: (server.address() as AddressInfo).port })
  await page.goto(proxy.url)
  const closed = page.evaluate(
    (url) =>
      new Promise<number>((resolve) => {
        const socket = new WebSocket(url)
        socket.onopen = () => {
          document.title = 'open'
        }
        socket.onclose = (event) => {
          resolve(event.code)
        }
      }),
    proxy.url.replace('http', 'ws'),
  )
  await expect.poll(() => page.title()).toBe('open')
  proxy.cut()
  expect(await closed).toBe(1006)
  await proxy.close()
  server.closeAllConnections()
  await new Promise<void>((done) => {
    server.close(() => {
      done()
    })
  })
})
