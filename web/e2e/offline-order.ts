import { type Browser, expect, type Page } from '@playwright/test'
import { NetworkProxy } from './proxy.ts'

/**
 * Orders one Chang without a network, reloads, and gives the network back;
 * `there` is a device that was online all the time. Nobody may have bought
 * Chang before: 17 are in stock. `whileOffline` looks at what others see
 * before the network is back.
 */
export async function orderOffline(
  browser: Browser,
  url: string,
  whileOffline: (there: Page) => Promise<void>,
): Promise<{ readonly there: Page; readonly close: () => Promise<void> }> {
  const proxy = await NetworkProxy.open(url)
  const here = await (await browser.newContext()).newPage()
  const there = await (await browser.newContext()).newPage()
  await there.goto(url)
  await expect(there.getByTestId('stock-2')).toContainText('17 in stock')
  await here.goto(proxy.url)
  await expect(here.getByTestId('stock-2')).toContainText('17 in stock')
  await here.evaluate(async () => {
    await navigator.serviceWorker.ready
  })

  proxy.cut()
  await expect(here.getByTestId('connection')).toHaveText('Offline')
  await here.getByRole('button', { name: 'Add Chang to the basket' }).click()
  await here.getByLabel('Customer').selectOption('ANATR')
  await here.getByRole('button', { name: 'Place order' }).click()
  await expect(here.getByTestId('order-status')).toContainText('kept on this device')
  await here.reload()
  await expect(here.getByTestId('stock-2')).toContainText('16 in stock')
  await expect(here.getByTestId('pending')).toContainText('1')
  await whileOffline(there)

  proxy.resume()
  await expect(there.getByTestId('stock-2')).toContainText('16 in stock')
  await expect(here.getByTestId('connection')).toHaveText('Live')
  await expect(here.getByTestId('pending')).toHaveCount(0)
  await expect(here.getByTestId('stock-2')).toContainText('16 in stock')
  return {
    there,
    close: async () => {
      await here.context().close()
      await there.context().close()
      await proxy.close()
    },
  }
}
