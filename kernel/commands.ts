// The commands of the protocol, each a function of the request, who asks, and the kernel.
import { BatError } from '../src/base/errors.ts'
import type { Value } from '../src/base/value.ts'
import type { Outcome } from '../src/cognition/pending.ts'
import type { Request, RequestFor } from '../src/protocol/messages.ts'
import { judge } from './commands/feedback.ts'
import { historyOf } from './commands/history.ts'
import { inspect } from './commands/inspect.ts'
import { diffOf, lookBack } from './commands/past.ts'
import { policy } from './commands/policy.ts'
import { proposals } from './commands/proposals.ts'
import { sendCommand } from './commands/send.ts'
import { undo } from './commands/undo.ts'
import type { Command, Session } from './desk.ts'
import type { Kernel } from './kernel.ts'
import type { Watcher } from './watchers.ts'

/** The whole protocol over one kernel. */
export function makeCommands(kernel: Kernel): Command {
  return async (request, session) => {
    kernel.metrics.count(`requests_${request.command}`)
    switch (request.command) {
      case 'send':
      case 'initiate_cognitive_cycle':
        return sendCommand(kernel, request, session)
      case 'inspect':
        return result(kernel, inspect(kernel.image, request))
      case 'history':
        return result(kernel, await historyOf(kernel.image, request))
      case 'at':
        return result(kernel, lookBack(kernel.image, request))
      case 'diff':
        return result(kernel, await diffOf(kernel.image, request))
      case 'undo':
        return result(kernel, await undo({ ...kernel, user: session.user }, request))
      case 'metrics':
        return result(kernel, metrics(kernel, request))
      case 'audit':
        return result(kernel, await audit(kernel, request))
      case 'subscribe':
        return result(kernel, await subscribe(kernel, request, session))
      case 'cancel':
        return result(kernel, cancel(kernel, request, session))
      case 'feedback':
        return result(kernel, await judge(kernel, request.options, session))
      case 'maintain':
        return result(kernel, await maintain(kernel, request, session))
      case 'policy':
        return result(kernel, await policy(kernel, request, session))
      case 'proposals':
        return result(kernel, await proposals(kernel, request.options, session))
      case 'ping':
        return result(kernel, status(kernel))
      case 'shutdown':
        setImmediate(kernel.stop)
        return result(kernel, true)
      default:
        return request satisfies never
    }
  }
}

const result = (kernel: Kernel, value: Value): Outcome => ({
  kind: 'result',
  value,
  time: kernel.clock.now(),
})

/** What the kernel says of itself: enough to tell that it works, and which vessel it is. */
function status(kernel: Kernel): Value {
  const { image, engine, missions, build } = kernel
  return JSON.parse(
    JSON.stringify({
      pid: process.pid,
      build,
      image: image.id,
      head: image.head,
      mind: engine.status(),
      running: missions.running.length,
    }),
  ) as Value
}

/** Counters, durations and the delay of the event loop; `options.reset` starts that delay's measurement anew. */
function metrics(kernel: Kernel, { options }: Request): Value {
  const summary = { ...kernel.metrics.summary(), event_loop: kernel.loop.read() }
  if (options.reset === true) kernel.loop.reset()
  return summary as unknown as Value
}

async function audit(kernel: Kernel, { options }: RequestFor<'audit'>): Promise<Value> {
  const { cycle, limit = 100 } = options
  const events = await kernel.trail.read({ limit, ...(cycle === undefined ? {} : { cycle }) })
  return events as unknown as Value
}

/** Ends when it is cancelled; a client that asks again, after a restart too, goes on from the last transaction it saw. */
async function subscribe(
  { watchers }: Kernel,
  { options }: RequestFor<'subscribe'>,
  { request, observe, tell, onAgain }: Session,
): Promise<Value> {
  onAgain((again) => {
    if (again.command === 'subscribe') watchers.resume(request, again.options.since)
  })
  const watcher: Watcher = {
    observe: (cycle, observation) => observe(observation, cycle),
    expert: (event) => void tell(event),
    begin: (from) => void tell({ kind: 'watching', transaction: from }),
    change: ({ tid, time, user, description, meta, created, changed, gone }, after) =>
      tell({
        kind: 'change',
        transaction: tid,
        after,
        time,
        user,
        description,
        what: String(meta.kind ?? ''),
        objects: created.length + changed.length + gone.length,
      }),
  }
  await watchers.add(request, watcher, options.since)
  return true
}

async function maintain(
  kernel: Kernel,
  { options }: RequestFor<'maintain'>,
  { request, progress }: Session,
): Promise<Value> {
  const { task, settings } = options
  return { ...(await kernel.maintenance.run(kernel, { request, task, settings, onProgress: progress })) }
}

function cancel(kernel: Kernel, { options }: RequestFor<'cancel'>, session: Session): Value {
  const id = options.cycle ?? `${session.client}#${options.request}`
  const { missions, watchers, maintenance } = kernel
  if (!missions.cancel(id) && !watchers.remove(id) && !maintenance.cancel(id))
    throw new BatError('E_NO_CYCLE', { id: options.cycle ?? options.request })
  return true
}
