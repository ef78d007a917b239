// `npm run -s batos -- COMMAND …`: the command line from a checkout, as `batos COMMAND …` is where it is installed.
import { fileURLToPath } from 'node:url'
import { prepare } from './prepare.mjs'

await prepare(fileURLToPath(new URL('..', import.meta.url)))
process.setSourceMapsEnabled(true)
await import(new URL('../dist/src/console/main.js', import.meta.url))
