// Runs one of our TypeScript programs from a checkout: makes sure that the packages are there and the code is
// compiled, then starts `node dist/<program>.js` with the remaining arguments. Usage: node scripts/run.mjs scripts/seed/train [args].
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { prepare } from './prepare.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const [program, ...args] = process.argv.slice(2)
await prepare(root)
const child = spawn(process.execPath, ['--enable-source-maps', `${root}dist/${program}.js`, ...args], {
  stdio: 'inherit',
})
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => {
  process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1)
})
