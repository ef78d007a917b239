// The name under which an image that makes room for another is kept beside: with the time, in seconds, and a number where
// that is taken.
import { existsSync } from 'node:fs'
import type { Clock } from '../base/clock.ts'

export function datedName(dir: string, clock: Clock): string {
  const dated = `${dir}.${new Date(clock.now()).toISOString().slice(0, 19).replaceAll(':', '-')}`
  let free = dated
  for (let i = 2; existsSync(free); i++) free = `${dated}-${i}`
  return free
}
