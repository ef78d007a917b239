// The folder that holds everything of one image: its data, logs, keys, adapters and instructions. Nothing of BAT OS is
// written outside it.
import { existsSync } from 'node:fs'
import { access, constants, mkdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { BatError } from './errors.ts'
import { packageRoot } from './package-root.ts'

export interface Home {
  readonly dir: string
  readonly config: string
  readonly image: string
  readonly logs: string
  readonly keys: string
  readonly run: string
  readonly models: string
  /** Where adapters are dropped. */
  readonly adapters: string
  /** Files of adapters that the running kernel has at hand. */
  readonly warm: string
  readonly upgrades: string
  /** What the running kernel says of itself: pid, endpoint, build. */
  readonly kernelFile: string
  readonly stewardFile: string
  readonly auditFile: string
}

/** The paths below the home `dir`; nothing is touched. */
export function homeOf(dir: string): Home {
  const at = (...parts: string[]) => join(resolve(dir), ...parts)
  return {
    dir: at(),
    config: at('batos.config.json'),
    image: at('image'),
    logs: at('logs'),
    keys: at('keys'),
    run: at('run'),
    models: at('models'),
    adapters: at('lora_adapters'),
    warm: at('run', 'adapters'),
    upgrades: at('upgrade_channel'),
    kernelFile: at('run', 'kernel.json'),
    stewardFile: at('run', 'steward.json'),
    auditFile: at('logs', 'metacognition.jsonl'),
  }
}

/** Where the home is when nobody says: in the checkout that we run from, else in the user's own folder. */
export function defaultHome(environment: Readonly<Record<string, string | undefined>>): string {
  if (environment.BATOS_HOME) return environment.BATOS_HOME
  return existsSync(join(packageRoot, 'tsconfig.json'))
    ? join(packageRoot, '.batos')
    : join(homedir(), '.batos')
}

/** Makes the home's folders. Throws E_HOME when one cannot be made or written. */
export async function prepareHome(home: Home): Promise<void> {
  try {
    await mkdir(home.dir, { recursive: true })
    for (const folder of [home.image, home.logs, home.run, home.models, home.adapters, home.upgrades]) {
      await mkdir(folder, { recursive: true })
      await access(folder, constants.W_OK | constants.X_OK)
    }
    await mkdir(home.keys, { recursive: true, mode: 0o700 })
    await access(home.keys, constants.W_OK | constants.X_OK)
  } catch (cause) {
    throw new BatError('E_HOME', { home: home.dir, reason: (cause as Error).message }, { cause })
  }
}
