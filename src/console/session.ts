import type { Client } from '../protocol/client.ts'
import type { Task } from './task.ts'

export async function runConsole(client: Client, task: Task): Promise<void> {
  await client.close()
  task.tell('console')
}
