// The delay of the kernel's event loop while cycles run without a pause, beside the same kernel with nothing to do.
import type { BatError } from '../src/base/errors.ts'
import { say, startDaemon } from '../test/e2e/daemon.ts'
import { type Row, row } from './result.ts'

const SECONDS = 10
const CLIENTS = 4

export async function* run(): AsyncIterable<Row> {
  const daemon = await startDaemon()
  try {
    const client = daemon.client()
    await say(client, 'genesis double: 4 => 8')
    const delay = async () => {
      const { event_loop } = (await client.request({
        command: 'metrics',
        options: { reset: true },
      })) as unknown as { event_loop: { p99_ms: number } }
      return event_loop.p99_ms
    }
    await delay()
    await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000))
    const idle = await delay()
    const end = Date.now() + SECONDS * 1000
    let cycles = 0
    await Promise.all(
      Array.from({ length: CLIENTS }, async (_, index) => {
        for (let i = 0; Date.now() < end; i++, cycles++) {
          const name = `o${index}x${i}`
          await say(client, `genesis clone_as: '${name}'`)
          await say(client, `${name} triple: 4 => 12`).catch((thrown: BatError) => thrown)
        }
      }),
    )
    const busy = await delay()
    console.error(`${cycles} cycles in ${SECONDS} s`)
    yield row(
      'event-loop delay while cycles run, 99th percentile, ms',
      busy,
      Math.max(idle, 0.01),
      'under 20 ms',
      ({ ours }) => ours < 20,
    )
  } finally {
    await daemon.stop()
  }
}
