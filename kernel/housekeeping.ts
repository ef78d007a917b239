// What the kernel does once an hour while nobody asks: forgets outcomes that are too old to be asked for again.

import type { Logger } from '../src/base/log.ts'
import type { Stop } from '../src/base/teardown.ts'
import { dropOutcomes } from '../src/cognition/pending.ts'
import type { Kernel } from './kernel.ts'

const HOUR_MS = 3_600_000

/** Starts the hourly upkeep; answers its stop. */
export function keepHouse(kernel: Kernel, log: Logger): Stop {
  let last: Promise<void> = Promise.resolve()
  const timer = setInterval(() => {
    last = forgetOutcomes(kernel).catch((failure) => log.warn({ err: failure }, 'upkeep'))
  }, HOUR_MS)
  timer.unref()
  return async () => {
    clearInterval(timer)
    await last
  }
}

async function forgetOutcomes({ image, world, clock, config }: Kernel): Promise<void> {
  await image.transact(
    { user: 'kernel', description: 'forget old outcomes', meta: { kind: 'upkeep' } },
    (transaction) => dropOutcomes(transaction, world.missions, clock.now() - config.outcomeHours * HOUR_MS),
  )
}
