// `keys`: who may speak to the kernel of this home. It works on the files of the home, with no kernel running; one that
// runs sees the change with its next request.
import { BatError } from '../base/errors.ts'
import { openKeys } from '../protocol/keys.ts'
import { tableText } from './rendering.ts'
import type { Outcome, Task } from './task.ts'

export async function keys(task: Task, action: string, name?: string, key?: string): Promise<Outcome> {
  const opened = openKeys(task.home.keys)
  if (action === 'admit') {
    opened.admit(needed(name, 'admit NAME KEY'), needed(key, 'admit NAME KEY'))
    return { value: { admitted: name! }, text: `${name} is admitted` }
  }
  if (action === 'revoke') {
    opened.revoke(needed(name, 'revoke NAME'))
    return { value: { revoked: name! }, text: `${name} is admitted no more` }
  }
  const admitted = [...opened.list()].map(([who, publicKey]) => ({ name: who, key: publicKey }))
  const value = { server: opened.server.publicKey, client: opened.client.publicKey, admitted }
  const rows = [...admitted, { name: "(the kernel's own)", key: value.server }]
  return { value, text: tableText(rows, ['name', 'key'], task.colours) }
}

function needed(word: string | undefined, usage: string): string {
  if (word !== undefined) return word
  throw new BatError('E_USAGE', { problem: 'an argument is missing', hint: `write batos keys ${usage}` })
}
