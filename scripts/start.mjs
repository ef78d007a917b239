// `npm start`: makes sure that the packages are there and the code is compiled, then is the command line itself, in this
// process, so that signals and streams need no passing on. Arguments: npm start -- --home DIR
import { fileURLToPath } from 'node:url'
import { prepare } from './prepare.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
await prepare(root)
process.setSourceMapsEnabled(true)
process.argv.splice(2, 0, 'start')
await import(new URL('../dist/src/console/main.js', import.meta.url))
