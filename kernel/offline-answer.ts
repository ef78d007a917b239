// One request answered with no kernel running, on the image opened for it alone: the tasks on the image, and the commands
// that need nothing but the image. It comes over the channel of the process that started this one, and is answered there,
// both as the protocol's messages in their MessagePack form; a `cancel` may follow it. The image's lock is held meanwhile,
// so a kernel that is started now waits for nobody: it refuses, and says who has the image.
//
// The request ends early, and so does the process, when it is cancelled, on SIGINT or SIGTERM, or when its parent is gone.
import { systemClock } from '../src/base/clock.ts'
import { BatError } from '../src/base/errors.ts'
import type { Home } from '../src/base/home.ts'
import { onParentGone } from '../src/base/parent.ts'
import type { Progress } from '../src/base/progress.ts'
import type { Value } from '../src/base/value.ts'
import type { Image } from '../src/image/image.ts'
import { openImage } from '../src/image/open.ts'
import { hasImage } from '../src/image/place.ts'
import { decodeRequest, encodeMessage } from '../src/protocol/frames.ts'
import { OWNER } from '../src/protocol/keys.ts'
import { type Answer, errorAnswer, PROTOCOL_VERSION, type Request } from '../src/protocol/messages.ts'
import { tryOut } from './candidates.ts'
import { historyOf } from './commands/history.ts'
import { inspect } from './commands/inspect.ts'
import { diffOf, lookBack } from './commands/past.ts'
import { undo } from './commands/undo.ts'
import { openWorld } from './genesis.ts'
import { runTask, taskNamed } from './image-tasks.ts'
import type { Chosen } from './models.ts'

/** Takes the one request of the parent and answers it. */
export async function answerParent(home: Home): Promise<void> {
  const abort = new AbortController()
  let command = 'the request'
  const end = () => abort.abort(new BatError('E_ABORTED', { command }))
  const request = await new Promise<Request>((resolve, reject) => {
    process.on('message', (payload: Uint8Array) => {
      const received = decodeRequest(payload)
      if ('error' in received) reject(received.error)
      else if (received.request.command === 'cancel') end()
      else {
        command = nameOf(received.request)
        resolve(received.request)
      }
    })
    onParentGone(end)
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, end)
  })
  const envelope = { v: PROTOCOL_VERSION, id: request.id } as const
  // Resolves when the channel has it, or the parent is gone.
  const say = (told: Answer): Promise<void> =>
    new Promise((resolve) => {
      if (process.connected) process.send!(encodeMessage(told), undefined, undefined, () => resolve())
      else resolve()
    })
  try {
    const value = await answer({ home, request, say, signal: abort.signal })
    await say({ ...envelope, kind: 'result', value })
  } catch (thrown) {
    await say(errorAnswer(request.id, thrown))
  }
}

const nameOf = (request: Request): string =>
  request.command === 'maintain' ? request.options.task : request.command

interface Asked {
  readonly home: Home
  readonly request: Request
  readonly say: (answer: Answer) => Promise<void>
  readonly signal: AbortSignal
}

async function answer({ home, request, say, signal }: Asked): Promise<Value> {
  let image: Image | undefined
  const open = async (): Promise<Image> => {
    if (!(await hasImage(home.image))) throw new BatError('E_NO_IMAGE', { dir: home.image })
    image = await openImage({ dir: home.image, clock: systemClock })
    return image
  }
  try {
    switch (request.command) {
      case 'maintain': {
        const onProgress = (progress: Progress) =>
          say({
            v: PROTOCOL_VERSION,
            id: request.id,
            kind: 'status',
            cycle: '',
            event: { kind: 'progress', ...progress },
          })
        const changeMind = async (chosen: Chosen) => tryOut(home, image!, chosen)
        const around = { home, clock: systemClock, signal, onProgress, changeMind }
        const { task, settings } = request.options
        return { ...(await runTask(taskNamed(task), settings, { open, around })) }
      }
      case 'inspect':
        return inspect(await open(), request)
      case 'history':
        return await historyOf(await open(), request)
      case 'at':
        return lookBack(await open(), request)
      case 'diff':
        return await diffOf(await open(), request)
      case 'undo': {
        const opened = await open()
        return await undo({ image: opened, world: await openWorld(opened), user: OWNER }, request)
      }
      default:
        throw new BatError('E_NOT_RUNNING', { home: home.dir, hint: 'start it: batos up --detach' })
    }
  } finally {
    await image?.close()
  }
}
