// How our own commands are to be typed here: through npm in a checkout, as `batos` where it is installed.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../base/package-root.ts'

const inCheckout = existsSync(join(packageRoot, 'tsconfig.json'))

export const typed = (command: string): string =>
  inCheckout ? `npm run -s batos -- ${command}` : `batos ${command}`

/** A sentence in which `batos show X` stands, as it is to be typed here; in our sentences `batos` is always the command. */
export const asTyped = (sentence: string): string => sentence.replace(/\bbatos (?=[a-z])/g, typed(''))
