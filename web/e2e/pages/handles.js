self.onmessage = async ({ data }) => {
  try {
    const root = await navigator.storage.getDirectory()
    const file = await root.getFileHandle('assumption', { create: true })
    const handle = await file.createSyncAccessHandle()
    if (data.write) {
      const bytes = new TextEncoder().encode(data.write)
      handle.truncate(0)
      handle.write(bytes, { at: 0 })
      handle.flush()
    }
    const read = new Uint8Array(handle.getSize())
    handle.read(read, { at: 0 })
    handle.close()
    postMessage({ text: new TextDecoder().decode(read), isolated: crossOriginIsolated })
  } catch (error) {
    postMessage({ error: String(error) })
  }
}
