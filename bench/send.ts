// The round trip of a known method, from a client and back, beside a bare ZeroMQ echo of a payload of the same size:
// two processes over TCP each, one request at a time, taken alternately so that both see the same machine.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Dealer } from 'zeromq'
import { siblingModule } from '../src/base/sibling-module.ts'
import { encodeMessage } from '../src/protocol/frames.ts'
import { ask, say, startDaemon } from '../test/e2e/daemon.ts'
import { median, quantile, type Row, row } from './result.ts'

const ROUNDS = 20
const A_ROUND = 200

export async function* run(): AsyncIterable<Row> {
  const daemon = await startDaemon()
  const echo = fork(fileURLToPath(siblingModule(import.meta.url, 'echo')))
  try {
    const [endpoint] = (await once(echo, 'message')) as [string]
    const bare = new Dealer({ linger: 0 })
    bare.connect(endpoint)
    const client = daemon.client()
    await ask(client, 'genesis double: 4 => 8')
    const payload = encodeMessage({
      v: 1,
      id: 'x'.repeat(36),
      command: 'send',
      target_oid: 'genesis',
      mission_brief: { type: 'message', selector: 'double_', args: [4], kwargs: {} },
      options: {},
    })
    const ours: number[] = []
    const peers: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      await timed(ours, () => say(client, 'genesis double: 4'))
      await timed(peers, async () => {
        await bare.send(payload)
        await bare.receive()
      })
    }
    bare.close()
    yield row(
      'known method, median round trip, ms',
      median(ours),
      median(peers),
      'under 2 ms',
      ({ ours }) => ours < 2,
    )
    yield row(
      'known method, 99th percentile, ms',
      quantile(ours, 0.99),
      quantile(peers, 0.99),
      'under 20 ms',
      ({ ours }) => ours < 20,
    )
  } finally {
    echo.kill()
    await daemon.stop()
  }
}

async function timed(into: number[], work: () => Promise<unknown>): Promise<void> {
  for (let i = 0; i < A_ROUND; i++) {
    const start = performance.now()
    await work()
    into.push(performance.now() - start)
  }
}
