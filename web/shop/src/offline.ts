/** Registers the service worker of a build; in development there is none. */
export function keepOffline(): void {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return
  window.addEventListener('load', () => {
    navigator.serviceWorker
      .register('/sw.js')
      .catch((cause: unknown) => console.warn('This app will not start without a network:', cause))
  })
}
