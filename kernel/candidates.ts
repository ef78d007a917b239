// Which engine the settings and the image ask for. The settings go first: a `model.path` there is used whatever the image
// says. What is asked for is started or refused, and never silently replaced by another.
import { type Config, loadConfig } from '../src/base/config.ts'
import { BatError } from '../src/base/errors.ts'
import type { Home } from '../src/base/home.ts'
import type { Image } from '../src/image/image.ts'
import { type EngineEvent, startEngine } from '../src/mind/engine.ts'
import type { EngineStatus } from '../src/mind/inference.ts'
import { startRemoteEngine } from '../src/mind/remote-engine.ts'
import type { Candidate } from '../src/mind/seat.ts'
import { type Chosen, seedPath } from './models.ts'

const contextSizes = { compact: 1024, full: 4096 }

export interface CandidateOptions {
  readonly config: Config
  readonly image: Image
  /** Where the key for a server is. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly onEvent?: (event: EngineEvent) => void
}

/** The engine for `chosen`, unless the settings name another. */
export function candidateFor(
  chosen: Chosen,
  { config, image, environment, onEvent = () => {} }: CandidateOptions,
): Candidate {
  const { model } = config
  if (model.engine === 'openai') return remoteCandidate(config, environment)
  const profile = model.profile ?? (model.path === undefined ? chosen.profile : 'full')
  const shared = {
    contextSize: model.contextSize ?? contextSizes[profile],
    gpu: model.gpu,
    contextBytes: config.experts.hotMb * 2 ** 20,
    adapterBytes: config.experts.warmMb * 2 ** 20,
    ...(model.threads === undefined ? {} : { threads: model.threads }),
    onEvent,
  }
  return {
    name: model.path ?? chosen.name,
    profile,
    start: () => startEngine({ ...shared, ...fileOf(chosen, model.path, image) }),
  }
}

function remoteCandidate({ model }: Config, environment: CandidateOptions['environment']): Candidate {
  const { url = '', name, keyVariable, profile = 'full' } = model
  const key = keyVariable === undefined ? undefined : environment[keyVariable]
  return {
    name: name === undefined ? url : `${name} at ${url}`,
    profile,
    start: () => {
      if (keyVariable !== undefined && key === undefined)
        return startEngine({ modelPath: undefined, whyNone: `${keyVariable} (model.keyVariable) is not set` })
      return startRemoteEngine({
        ...{ url, contextSize: model.contextSize ?? contextSizes.full },
        ...(name === undefined ? {} : { name }),
        ...(key === undefined ? {} : { key }),
      })
    },
  }
}

function fileOf({ blob, name }: Chosen, path: string | undefined, image: Image) {
  if (path !== undefined) return { modelPath: path }
  if (blob === undefined) return { modelPath: seedPath }
  try {
    return { modelPath: image.blobPath(blob) }
  } catch (thrown) {
    return { modelPath: undefined, whyNone: `${name}: ${(thrown as Error).message}` }
  }
}

/** Refuses a change of the model where the settings say which it is. Throws E_MODEL_FIXED. */
export function mustBeFree({ model }: Config, { config }: Home): void {
  const setting =
    model.engine === 'openai' ? 'model.engine' : model.path === undefined ? undefined : 'model.path'
  if (setting !== undefined) throw new BatError('E_MODEL_FIXED', { setting, file: config })
}

/** Shows that a model comes up, with no kernel running. Throws E_MODEL_NOT_TAKEN. */
export async function tryOut(home: Home, image: Image, chosen: Chosen): Promise<EngineStatus> {
  const candidate = candidateFor(chosen, {
    config: await loadConfig(home.config),
    image,
    environment: process.env,
  })
  const engine = candidate.start()
  try {
    const status = await engine.ready()
    if (status.state === 'ready') return status
    const reason = status.reason ?? status.state
    throw new BatError('E_MODEL_NOT_TAKEN', { model: chosen.name, reason, kept: 'what was chosen before' })
  } finally {
    await engine.stop()
  }
}
