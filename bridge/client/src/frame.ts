/** The header of a page frame: type u8, flags u8, u16 zero, call ID u32 little endian; the body begins at byte 8. */

import { HEAD_BYTES } from './codec.ts'
import { PagePack } from './gen/wire.ts'

/** wire.PageHeaderBytes. */
export const HEADER_BYTES = HEAD_BYTES

/** A frame of `type` for `call`: `body`, which `encode` or `joined` made with HEAD_BYTES free before it, becomes the frame in place. */
export function frame(type: number, call: number, { buffer }: Uint8Array<ArrayBuffer>, flags = 0): ArrayBuffer {
  const view = new DataView(buffer)
  view.setUint8(0, type)
  view.setUint8(1, flags)
  view.setUint32(4, call, true)
  return buffer
}

/** Takes the flags of a frame back. One that has been handed over stays as it was. */
export function unflag(frame: ArrayBuffer): void {
  if (frame.byteLength > 0) new DataView(frame).setUint8(1, 0)
}

/** What a frame's header says. */
export interface Header {
  readonly type: number
  readonly call: number
}

/** Reads a header, or returns null when the bytes are too short to be a frame. */
export function header(frame: Uint8Array): Header | null {
  if (frame.length < HEADER_BYTES) return null
  return { type: frame[0] ?? 0, call: uint32(frame, 4) }
}

/** The body of a frame, sharing its buffer. */
export function body(frame: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return frame.subarray(HEADER_BYTES)
}

/** Calls back with each frame of a message: with itself, or with those that it packs (wire.PagePack). All begin at a multiple of 8. */
export function eachFrame(message: ArrayBuffer, take: (frame: Uint8Array<ArrayBuffer>) => void): void {
  const bytes = new Uint8Array(message)
  if (bytes[0] !== PagePack) {
    take(bytes)
    return
  }
  for (let at = HEADER_BYTES; at + 8 <= bytes.length; ) {
    const from = at + 8
    const to = from + uint32(bytes, at)
    take(bytes.subarray(from, to))
    at = (to + 7) & ~7
  }
}

function uint32({ buffer, byteOffset }: Uint8Array, at: number): number {
  return new DataView(buffer).getUint32(byteOffset + at, true)
}
