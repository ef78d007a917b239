// Installs and compiles what is missing: what `npm start` and `npm test` do first.
import { fileURLToPath } from 'node:url'
import { prepare } from './prepare.mjs'

await prepare(fileURLToPath(new URL('..', import.meta.url)))
