// Commands that need the guardian or the image itself and no running kernel. This layer knows neither, so they are a
// program of their own, which takes over our standard streams and whose exit status is ours.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { siblingModule } from '../base/sibling-module.ts'
import type { ExitStatus } from './exit-status.ts'
import type { Task } from './task.ts'

export async function runOffline(task: Task, command: string, args: readonly string[]): Promise<ExitStatus> {
  const program = fileURLToPath(siblingModule(import.meta.url, '../../kernel/offline'))
  const common = ['--home', task.home.dir, ...(task.json ? ['--json'] : [])]
  const child = spawn(
    process.execPath,
    ['--enable-source-maps', program, command, ...common, '--', ...args],
    {
      stdio: 'inherit',
    },
  )
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  })
  return code === 0 || code === 2 ? code : 1
}
