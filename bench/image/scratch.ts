// Images for benchmarks: in folders of their own, which go when the benchmark is over.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../src/base/clock.ts'
import type { Image } from '../../src/image/image.ts'
import { type ImageOptions, openImage } from '../../src/image/open.ts'

export const user = 'bench'

export const openAt = (dir: string, options: Partial<ImageOptions> = {}): Promise<Image> =>
  openImage({ dir, clock: systemClock, ...options })

/** Runs `work` in a folder that is there for it alone. */
export async function inFolder<T>(work: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'batos-bench-'))
  try {
    return await work(dir)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

/** Runs `work` on a new image. */
export const onImage = <T>(
  options: Partial<ImageOptions>,
  work: (image: Image, dir: string) => Promise<T>,
): Promise<T> =>
  inFolder(async (dir) => {
    const image = await openAt(dir, options)
    try {
      return await work(image, dir)
    } finally {
      await image.close()
    }
  })

/** A measurement by the clock, or of what is not time at all; and by the processor time of the whole process. */
export interface Figure {
  readonly real: number
  readonly cpu?: number
}

/** How many milliseconds it took. */
export async function spent(work: () => Promise<unknown> | unknown): Promise<Required<Figure>> {
  const begun = process.cpuUsage()
  const real = await ms(work)
  const { user, system } = process.cpuUsage(begun)
  return { real, cpu: (user + system) / 1000 }
}

/** How many of `count` were done in a second. */
export async function pace(count: number, work: () => Promise<void> | void): Promise<Required<Figure>> {
  const { real, cpu } = await spent(work)
  return { real: (count / real) * 1000, cpu: (count / cpu) * 1000 }
}

/** The same by the clock alone. */
export const rate = async (count: number, work: () => Promise<void> | void): Promise<number> =>
  (await pace(count, work)).real

/** How many milliseconds it took. */
export async function ms(work: () => Promise<unknown> | unknown): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}
