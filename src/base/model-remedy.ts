// What to do when the model that the settings name cannot think; `batos model use` is refused as long as they name one.
import type { Config } from './config.ts'

/** A sentence for a person; undefined where the settings leave it to the image which model thinks. `state` is the engine's. */
export function modelRemedy({ engine, url, path }: Config['model'], state: string): string | undefined {
  if (engine === 'openai')
    return state === 'down'
      ? `start the server at ${url}; or change "model" in batos.config.json, then batos down and batos up --detach`
      : 'see model.url, model.name and model.keyVariable in batos.config.json'
  if (path === undefined) return undefined
  return 'correct model.path in batos.config.json or take it out, then batos down and batos up --detach'
}
