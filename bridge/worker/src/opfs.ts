/** Files of the origin private file system, with errors that say what to do. */

import type { SyncHandle } from './pool.ts'

/** An error that a fault kind names. */
export class StorageError extends Error {
  readonly kind: string
  constructor(kind: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'StorageError'
    this.kind = kind
  }
}

/** The folder that holds every database of the origin. */
const FOLDER = 'rockpool'

/** A Worker that was ended keeps its handles for up to seconds: attempts go on for this long, milliseconds. */
export const LOCKED_MS = 15_000
const WAIT_MIN_MS = 10
const WAIT_MAX_MS = 100

/** TypeScript's page library leaves out what only Workers have. */
interface WorkerFileHandle extends FileSystemFileHandle {
  createSyncAccessHandle?(): Promise<SyncHandle>
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name
}

async function folder(): Promise<FileSystemDirectoryHandle> {
  if (typeof navigator.storage?.getDirectory !== 'function') {
    throw new StorageError(
      'storage_unavailable',
      'this browser has no origin private file system here; update it, or serve the page over https or from localhost',
    )
  }
  try {
    const root = await navigator.storage.getDirectory()
    return await root.getDirectoryHandle(FOLDER, { create: true })
  } catch (error) {
    throw new StorageError(
      'storage_unavailable',
      'the browser refuses storage to this page (a private window, or blocked site data): allow it, or open with storage: "memory"',
      error,
    )
  }
}

/** A database's name may hold what a file's may not. */
function fileName(name: string): string {
  return encodeURIComponent(name).replaceAll('*', '%2A')
}

/**
 * Opens files one by one in the folder; each waits for a dying Worker's handle. Call `waiting` tells that somebody waits.
 * A file that is not there is made, or without `create` an error of kind `not_found`.
 */
export async function opfsHandles(
  waiting: (name: string) => void,
  create: boolean,
): Promise<(name: string) => Promise<SyncHandle>> {
  const home = await folder()
  return async (name) => {
    let file: WorkerFileHandle
    try {
      file = await home.getFileHandle(fileName(name), { create })
    } catch (error) {
      if (isNamed(error, 'NotFoundError')) throw new StorageError('not_found', `there is no file ${name}`, error)
      throw isNamed(error, 'QuotaExceededError')
        ? new StorageError(
            'quota_exceeded',
            'the browser has no room for this site: free some, or ask for persistent storage',
            error,
          )
        : new StorageError('storage_unavailable', `the file ${name} cannot be made`, error)
    }
    if (typeof file.createSyncAccessHandle !== 'function') {
      throw new StorageError(
        'storage_unavailable',
        'this browser has no synchronous file handles: it needs Chrome 108, Firefox 111 or Safari 16.4',
      )
    }
    const end = performance.now() + LOCKED_MS
    for (let wait = WAIT_MIN_MS; ; wait = Math.min(wait * 2, WAIT_MAX_MS)) {
      try {
        return await file.createSyncAccessHandle()
      } catch (error) {
        if (!isNamed(error, 'NoModificationAllowedError'))
          throw new StorageError('storage_unavailable', `the file ${name} cannot be opened`, error)
        if (performance.now() >= end)
          throw new StorageError(
            'storage_locked',
            `another tab or Worker holds ${name} for more than ${LOCKED_MS} ms: close other tabs of this site`,
            error,
          )
        if (wait === WAIT_MIN_MS) waiting(name)
      }
      await new Promise((resolve) => setTimeout(resolve, wait))
    }
  }
}

/** Deletes files; those that are not there are fine. */
export async function deleteFiles(names: readonly string[]): Promise<void> {
  const home = await folder()
  for (const name of names) {
    try {
      await home.removeEntry(fileName(name))
    } catch (error) {
      if (!isNamed(error, 'NotFoundError')) throw new StorageError('io', `the file ${name} cannot be deleted`, error)
    }
  }
}
