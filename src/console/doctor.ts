// `doctor`: looks at everything that has to be right for BAT OS to run here, and says of each thing whether it is, and what
// to do about it. It changes nothing and needs nothing running.
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { type Config, loadConfig } from '../base/config.ts'
import type { Home } from '../base/home.ts'
import { modelRemedy } from '../base/model-remedy.ts'
import { packageRoot } from '../base/package-root.ts'
import type { PlainObject, Value } from '../base/value.ts'
import { openConnection } from './connection.ts'
import { readState, running } from './daemon.ts'
import type { Outcome, Task } from './task.ts'
import { asTyped, typed } from './typed.ts'
import { mapOf, textOf } from './value-map.ts'

interface Finding {
  readonly what: string
  readonly ok: boolean
  readonly found: string
  readonly remedy?: string
}

/** Every finding as `{what, ok, found, remedy?}`; status 1 when one is not ok. */
export async function doctor(task: Task): Promise<Outcome> {
  const { home } = task
  const findings: Finding[] = [nodeVersion(), await homeFolder(home)]
  const { finding, config } = await configuration(home)
  findings.push(finding)
  findings.push(await keyFiles(home), await modelFile(config), await stewardState(home))
  findings.push(
    ...((await running(home, 'kernel')) ? await kernelAnswer(task, config) : [await portFree(config)]),
  )
  const ok = findings.every((each) => each.ok)
  const text = findings.map((each) => findingText(each, task)).join('\n')
  return { value: { ok, findings: findings as unknown as Value }, text, status: ok ? 0 : 1 }
}

function findingText({ what, ok, found, remedy }: Finding, { colours }: Task): string {
  const mark = ok ? colours.green('ok     ') : colours.red('problem')
  return `${mark} ${what.padEnd(10)} ${found}${ok || !remedy ? '' : `\n${' '.repeat(19)}${remedy}`}`
}

function nodeVersion(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const ok = major > 20 || (major === 20 && minor >= 19)
  return { what: 'node', ok, found: process.versions.node, remedy: 'install Node 20.19 or later' }
}

async function homeFolder(home: Home): Promise<Finding> {
  const what = 'home'
  try {
    await access(home.dir, constants.W_OK | constants.X_OK)
    return { what, ok: true, found: home.dir }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      return { what, ok: true, found: `${home.dir} (not there yet: made at the first start)` }
    const found = `${home.dir} cannot be written: ${(error as Error).message}`
    return { what, ok: false, found, remedy: 'choose another with --home DIR or BATOS_HOME' }
  }
}

async function configuration(home: Home): Promise<{ finding: Finding; config: Config | undefined }> {
  const what = 'settings'
  try {
    const config = await loadConfig(home.config)
    return { finding: { what, ok: true, found: home.config }, config }
  } catch (error) {
    const remedy = (error as { remedy?: string }).remedy ?? `correct ${home.config}`
    return { finding: { what, ok: false, found: (error as Error).message, remedy }, config: undefined }
  }
}

async function keyFiles(home: Home): Promise<Finding> {
  const what = 'keys'
  const wrong: string[] = []
  let present = 0
  for (const [path, mode] of [
    [home.keys, 0o700],
    ...['server.json', 'client.json', 'admitted.json'].map((name) => [join(home.keys, name), 0o600] as const),
  ] as const) {
    const found = await stat(path).catch(() => undefined)
    if (found === undefined) continue
    present += 1
    if (process.platform !== 'win32' && (found.mode & 0o777 & ~mode) !== 0)
      wrong.push(`chmod ${mode.toString(8)} ${path}`)
  }
  if (wrong.length > 0) return { what, ok: false, found: 'others can read them', remedy: wrong.join(' && ') }
  if (present === 0) return { what, ok: true, found: 'none yet: made at the first start' }
  return present === 4
    ? { what, ok: true, found: home.keys }
    : {
        what,
        ok: false,
        found: `files are missing in ${home.keys}`,
        remedy: `${typed('up')} makes what is missing`,
      }
}

/** What is there to think with when the image names nothing else. */
async function modelFile(config: Config | undefined): Promise<Finding> {
  const what = 'model'
  const { engine, url, path = join(packageRoot, 'models', 'seed.gguf') } = config?.model ?? {}
  if (engine === 'openai') return { what, ok: true, found: `at ${url}` }
  const remedy =
    config?.model.path === undefined
      ? 'restore models/seed.gguf from the repository or the package'
      : 'correct model.path in batos.config.json, or remove it to use the seed mind'
  try {
    const { size } = await stat(path)
    await access(path, constants.R_OK)
    return { what, ok: true, found: `${path} (${(size / 2 ** 20).toFixed(1)} MiB)` }
  } catch (error) {
    return { what, ok: false, found: `${path}: ${(error as Error).message}`, remedy }
  }
}

/** Where a model of our own runs: on a GPU, and how much of it, or on how many threads without one. */
function placeOf(gpu: Value | undefined, threads: Value | undefined): string {
  if (typeof threads !== 'number' || threads === 0) return ''
  const { type, layers } = mapOf(gpu)
  return type === undefined ? ` (no GPU, threads: ${threads})` : ` (${type}, layers on it: ${layers})`
}

/** Whether the mind of a running kernel can answer, and else why not: what is known is done all the same. */
function mindState({ state, reason, model, gpu, threads }: PlainObject, config: Config | undefined): Finding {
  const what = 'mind'
  const name = textOf(state) ?? 'unknown'
  const ok = !['absent', 'down', 'quarantined', 'stopped'].includes(name)
  const why = textOf(reason)
  const path = textOf(mapOf(model).path)
  const at = why ?? (path === undefined ? undefined : `${path}${placeOf(gpu, threads)}`)
  const found = at === undefined ? name : `${name}: ${at}`
  const settled = config && modelRemedy(config.model, name)
  const remedy = settled
    ? asTyped(settled)
    : `${typed('model list')} shows what else there is; ${typed('model use seed')} takes the seed mind`
  return { what, ok, found, remedy }
}

async function stewardState(home: Home): Promise<Finding> {
  const what = 'steward'
  const live = await running(home, 'steward')
  if (live !== undefined) return { what, ok: true, found: `runs, pid ${live.pid}` }
  const last = readState(home, 'steward')
  const reason = last?.state === 'given-up' ? String(last.reason) : undefined
  if (reason !== undefined)
    return {
      what,
      ok: false,
      found: `gave up: ${reason}`,
      remedy: `see ${home.logs}, then ${typed('up --detach')}`,
    }
  return { what, ok: true, found: 'does not run' }
}

async function kernelAnswer(task: Task, config: Config | undefined): Promise<Finding[]> {
  try {
    const client = await openConnection(task.where)
    try {
      const told = mapOf(await client.request({ command: 'ping' }, { timeoutMs: 3000 }))
      return [
        { what: 'kernel', ok: true, found: `answers, pid ${String(told.pid)}` },
        mindState(mapOf(told.mind), config),
      ]
    } finally {
      await client.close()
    }
  } catch (error) {
    const remedy = `${typed('down')}, then ${typed('up --detach')}; the log is in ${task.home.logs}`
    return [{ what: 'kernel', ok: false, found: (error as Error).message, remedy }]
  }
}

async function portFree(config: Config | undefined): Promise<Finding> {
  const what = 'port'
  const [, host = '127.0.0.1', port = '5555'] = /^tcp:\/\/([^:]+):(.+)$/.exec(config?.endpoint ?? '') ?? []
  if (port === '*') return { what, ok: true, found: 'any free one' }
  const problem = await new Promise<string | undefined>((resolve) => {
    const server = createServer()
    server.once('error', (error) => resolve(error.message))
    server.listen(Number(port), host, () => server.close(() => resolve(undefined)))
  })
  return problem === undefined
    ? { what, ok: true, found: `${host}:${port} is free` }
    : {
        what,
        ok: false,
        found: problem,
        remedy: 'set `endpoint` in batos.config.json; port * takes a free one',
      }
}
