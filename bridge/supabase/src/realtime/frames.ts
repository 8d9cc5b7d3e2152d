/** Phoenix's frames, in both serializers of realtime-js: lists (2.0.0, with binary broadcasts) and objects (1.0.0). */

import type { Json } from '../values.ts'

/** Which serializer a client asked for. */
export type Version = '1.0.0' | '2.0.0'

/** One message. Refs are opaque text of the client. */
export interface Message {
  readonly joinRef: string | null
  readonly ref: string | null
  readonly topic: string
  readonly event: string
  readonly payload: { readonly [key: string]: Json | ArrayBuffer }
}

/** Kinds of binary frames: a broadcast from the client, and one to it. */
const PUSH = 3,
  BROADCAST = 4
const BYTES = 0,
  JSON_TEXT = 1

/** Reads a frame. @throws Error for what is none. */
export function decodeFrame(data: string | ArrayBuffer, version: Version): Message {
  if (typeof data !== 'string') return decodePush(data)
  const frame: unknown = JSON.parse(data)
  const [joinRef, ref, topic, event, payload] =
    version === '2.0.0' && Array.isArray(frame)
      ? (frame as unknown[])
      : version === '1.0.0' && isRecord(frame)
        ? [frame.join_ref, frame.ref, frame.topic, frame.event, frame.payload]
        : []
  if (typeof topic !== 'string' || typeof event !== 'string') throw new Error('a frame without topic or event')
  return {
    joinRef: text(joinRef),
    ref: text(ref),
    topic,
    event,
    payload: isRecord(payload) ? (payload as Message['payload']) : {},
  } // JSON
}

const text = (of: unknown): string | null => (typeof of === 'string' ? of : null)

/** Tells objects from lists and other values. */
export function isRecord(of: unknown): of is Readonly<Record<string, unknown>> {
  return typeof of === 'object' && of !== null && !Array.isArray(of)
}

/** A broadcast as the client sends it: kind, five lengths, encoding, then the five texts and the payload. */
function decodePush(data: ArrayBuffer): Message {
  const bytes = new Uint8Array(data)
  if (bytes[0] !== PUSH || bytes.length < 7) throw new Error(`a binary frame of kind ${bytes[0]}`)
  let at = 7
  const [joinRef = '', ref = '', topic = '', event = ''] = [1, 2, 3, 4, 5].map((of) => {
    const end = at + (bytes[of] ?? 0)
    if (end > bytes.length) throw new Error('a binary frame that ends too early')
    const part = new TextDecoder().decode(bytes.subarray(at, end))
    at = end
    return part
  })
  const body = data.slice(at)
  const payload = bytes[6] === JSON_TEXT ? (JSON.parse(new TextDecoder().decode(body)) as Json) : body // JSON
  return { joinRef, ref, topic, event: 'broadcast', payload: { type: 'broadcast', event, payload } }
}

/** Makes a frame for the client; one with bytes as its payload is binary. */
export function encodeFrame(message: Message, version: Version): string | ArrayBuffer {
  const { joinRef, ref, topic, event, payload } = message
  if (payload.payload instanceof ArrayBuffer) return encodeBroadcast(topic, String(payload.event), payload.payload)
  if (version === '2.0.0') return JSON.stringify([joinRef, ref, topic, event, payload])
  return JSON.stringify({ topic, event, payload, ref, join_ref: joinRef })
}

function encodeBroadcast(topic: string, event: string, payload: ArrayBuffer): ArrayBuffer {
  const names = [topic, event].map((name) => new TextEncoder().encode(name))
  const head = [BROADCAST, ...names.map((name) => name.length), 0, BYTES]
  const out = new Uint8Array(head.length + names.reduce((sum, name) => sum + name.length, 0) + payload.byteLength)
  let at = 0
  for (const part of [head, ...names, new Uint8Array(payload)]) {
    out.set(part, at)
    at += part.length
  }
  return out.buffer
}
