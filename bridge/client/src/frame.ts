/** The header of a page frame: type u8, flags u8, u16 zero, call ID u32 little endian; the body begins at byte 8. */

/** wire.PageHeaderBytes. */
export const HEADER_BYTES = 8

/** A frame of `type` for `call` with `body`, in a buffer of its own. */
export function frame(type: number, call: number, body: Uint8Array, flags = 0): ArrayBuffer {
  const buffer = new ArrayBuffer(HEADER_BYTES + body.length)
  const view = new DataView(buffer)
  view.setUint8(0, type)
  view.setUint8(1, flags)
  view.setUint32(4, call, true)
  new Uint8Array(buffer, HEADER_BYTES).set(body)
  return buffer
}

/** What a frame's header says. */
export interface Header {
  readonly type: number
  readonly call: number
}

/** Reads a header, or returns null when the buffer is too short to be a frame. */
export function header(buffer: ArrayBuffer): Header | null {
  if (buffer.byteLength < HEADER_BYTES) return null
  const view = new DataView(buffer)
  return { type: view.getUint8(0), call: view.getUint32(4, true) }
}

/** The body of a frame, sharing its buffer. */
export function body(buffer: ArrayBuffer): Uint8Array {
  return new Uint8Array(buffer, HEADER_BYTES)
}
