// A command as it is typed with --json, at the home of a daemon and with a hub of the tests.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { FileServer } from '../mind/file-server.ts'
import type { Daemon } from './daemon.ts'

const program = fileURLToPath(new URL('../../src/console/main.js', import.meta.url))

export interface Ran {
  readonly status: number
  readonly output: string
  readonly errors: string
  // biome-ignore lint/suspicious/noExplicitAny: whatever the command says
  readonly json: any
}

export const batosAt = ({ home }: Daemon, hub: FileServer, ...args: string[]): Promise<Ran> =>
  new Promise((resolve) => {
    const env = { ...process.env, BATOS_HOME: home.dir, HF_ENDPOINT: hub.origin, HF_TOKEN: 'secret' }
    execFile(process.execPath, [program, ...args, '--json'], { env }, (error, output, errors) => {
      const status = error === null ? 0 : Number(error.code)
      resolve({ status, output, errors, json: JSON.parse(output || 'null') })
    })
  })
