// Packing without being asked: where the settings say so (`retention.everyHours`), the kernel packs as `batos pack` does,
// at a moment when it has nothing else to do. It is due when more than that of the past lies before what is to be kept, and
// never sooner than so long after the last time.
import { randomUUID } from 'node:crypto'
import type { Config } from '../src/base/config.ts'
import { batErrorOf } from '../src/base/errors.ts'
import type { Logger } from '../src/base/log.ts'
import type { Stop } from '../src/base/teardown.ts'
import type { Kernel } from './kernel.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const LOOK_MS = 300_000

/** Times in milliseconds since 1970-01-01 UTC. */
export interface PackTimes {
  readonly now: number
  /** How far back the past goes. */
  readonly oldest: number
  /** When this kernel last packed by itself, if it did. */
  readonly last?: number | undefined
}

export function isPackDue({ now, oldest, last }: PackTimes, retention: Config['retention']): boolean {
  const every = retention.everyHours * HOUR_MS
  if (every === 0 || (last !== undefined && now - last < every)) return false
  return oldest < now - retention.days * DAY_MS - every
}

/** What packing at idle times needs of the kernel. */
export interface Packer extends Pick<Kernel, 'image' | 'clock' | 'config'> {
  isIdle(): boolean
  /** Does what `batos pack` does; answers what that would say. */
  pack(): Promise<string>
}

/** Looks now and then whether to pack; answers its stop, before which `maintenance` is stopped: that ends a pack under way. */
export function packAtIdleTimes(kernel: Kernel, log: Logger): Stop {
  const { image, clock, config, missions, maintenance } = kernel
  const request = () => ({ request: randomUUID(), task: 'pack', settings: {}, onProgress: () => {} })
  const packer: Packer = {
    ...{ image, clock, config },
    isIdle: () => missions.running.length === 0 && !maintenance.isBusy,
    pack: async () => (await maintenance.run(kernel, request())).text,
  }
  let last: number | undefined
  let work: Promise<void> = Promise.resolve()
  const look = async (): Promise<void> => {
    const packed = await packIfDue(packer, last)
    if (packed === undefined) return
    last = clock.now()
    log.info({ pack: packed.split('\n') }, 'packed')
  }
  const timer = setInterval(() => {
    work = work.then(look).catch((failure) => {
      if (batErrorOf(failure).code !== 'E_STOPPING') log.warn({ err: failure }, 'packing')
    })
  }, LOOK_MS)
  timer.unref()
  return async () => {
    clearInterval(timer)
    await work
  }
}

/** Packs when it is due and nothing else goes on; answers what came of it, if so. */
export async function packIfDue(packer: Packer, last: number | undefined): Promise<string | undefined> {
  const { image, clock, config } = packer
  const times = { now: clock.now(), oldest: image.stats().oldest.time, last }
  return packer.isIdle() && isPackDue(times, config.retention) ? packer.pack() : undefined
}
