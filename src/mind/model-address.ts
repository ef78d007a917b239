// What a person writes to name a model that is not here yet:
//
//   FILE.gguf, FOLDER                       on this machine
//   hf:OWNER/REPO[#REVISION]                on a hub that speaks as Hugging Face does: the GGUF files of a repository
//   hf:OWNER/REPO/PATH/FILE.gguf[#REVISION] one of them
//   hf:OWNER/REPO:Q4_K_M[#REVISION]         the one whose name has this in it
//   https://… or http://…                   one file
//   llama-3.1-8b                            a short name for an hf: address, from the table below
import { BatError } from '../base/errors.ts'

export type ModelAddress =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'url'; readonly url: string; readonly name: string }
  | {
      readonly kind: 'hub'
      readonly repository: string
      readonly revision: string
      /** One file; absent when it has to be chosen. */
      readonly file?: string
      /** Part of the name of the file to choose. */
      readonly like?: string
      /** What the model is to be called, when it was asked for by a short name. */
      readonly name?: string
    }

const shortNames: Readonly<Record<string, string>> = {
  'llama-3.2-1b': 'hf:bartowski/Llama-3.2-1B-Instruct-GGUF:Q8_0',
  'llama-3.2-3b': 'hf:bartowski/Llama-3.2-3B-Instruct-GGUF:Q4_K_M',
  'llama-3.1-8b': 'hf:bartowski/Meta-Llama-3.1-8B-Instruct-GGUF:Q4_K_M',
  'llama-3.3-70b': 'hf:bartowski/Llama-3.3-70B-Instruct-GGUF:Q4_K_M',
}

export const knownNames: readonly string[] = Object.keys(shortNames)

/** Reads an address. Whether there is anything at it is not looked at. Throws E_MODEL_ADDRESS. */
export function parseModelAddress(text: string): ModelAddress {
  const short = Object.hasOwn(shortNames, text.toLowerCase()) ? text.toLowerCase() : undefined
  if (short !== undefined) return { ...parseHub(text, shortNames[short]!), name: short }
  if (text.startsWith('hf:')) return parseHub(text, text)
  if (/^https?:\/\//.test(text)) return parseUrl(text)
  if (text === '' || /^\w{2,}:/.test(text)) throw refusal(text, 'it is of no kind that is known')
  return { kind: 'path', path: text }
}

/** What a model is called, from the name of its file. */
export const modelNameOf = (file: string): string =>
  file
    .replace(/^.*[/\\]/, '')
    .replace(/\.gguf$/i, '')
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-') || 'model'

function parseHub(typed: string, text: string): ModelAddress & { kind: 'hub' } {
  const [, address = '', revision = 'main'] = /^hf:([^#]*)(?:#(.+))?$/.exec(text) ?? []
  const [, repository, file, like] = /^([\w.-]+\/[\w.-]+?)(?:\/(.+)|:([\w.-]+))?$/.exec(address) ?? []
  if (repository === undefined || repository.split('/').includes('..'))
    throw refusal(typed, 'OWNER/REPO is expected after hf:')
  if (file !== undefined && (!/\.gguf$/i.test(file) || file.split('/').includes('..')))
    throw refusal(typed, 'the file must end in .gguf')
  return { kind: 'hub', repository, revision, ...(file && { file }), ...(like && { like }) }
}

function parseUrl(text: string): ModelAddress {
  if (!URL.canParse(text)) throw refusal(text, 'it is no address of the web')
  const url = new URL(text)
  if (url.username !== '' || url.password !== '') throw refusal(text, 'a password does not belong there')
  return { kind: 'url', url: url.href, name: modelNameOf(decodeURIComponent(url.pathname)) }
}

const refusal = (address: string, problem: string): BatError =>
  new BatError('E_MODEL_ADDRESS', { address, problem, known: knownNames.join(', ') })
