import base from '../playwright.config.ts'

/** `make cold`: no tests, but the visit that says which functions of the core are cold. */
export default { ...base, testDir: '.', timeout: 300_000, reporter: 'list' }
