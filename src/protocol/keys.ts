// Who may speak to the kernel. The folder `keys` of a home (mode 0700, files 0600) holds
//   server.json    the kernel's CURVE key pair {publicKey, secretKey}
//   client.json    the pair that clients of this machine's user connect with
//   admitted.json  {name: public key}; the name is the user of whatever that key sends
// All keys are Z85 text. They are made at the first start, by whichever process comes first: a file is written beside
// and linked into place, so two processes that make it at once end with the same one. Admitting and revoking replace
// admitted.json at once, and a running kernel sees it with the next request (`userOf` looks whether the file changed).
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { BatError } from '../base/errors.ts'
import { isPlainObject } from '../base/value.ts'
import { type KeyPair, makeKeyPair } from './seal.ts'
import { isZ85Key } from './z85.ts'

/** The user that this machine's own client is known as. */
export const OWNER = 'owner'

export interface Keys {
  readonly server: KeyPair
  readonly client: KeyPair
  /** The admitted clients: public keys by name. */
  list(): ReadonlyMap<string, string>
  /** The name that a public key is admitted under. */
  userOf(publicKey: string): string | undefined
  /** Throws E_KEY_NAME when the name is taken or of the wrong form, or the key is none. */
  admit(name: string, publicKey: string): void
  /** Throws E_KEY_NAME when nobody is admitted under that name. */
  revoke(name: string): void
}

/** Opens the keys of a home, making what is not there. Throws E_KEYS. */
export function openKeys(folder: string): Keys {
  return guarded(folder, () => {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    chmodSync(folder, 0o700)
    const server = existing(folder, 'server.json')
    const client = existing(folder, 'client.json')
    createOnce(join(folder, 'admitted.json'), { [OWNER]: client.publicKey })
    return { server, client, ...admittedIn(join(folder, 'admitted.json')) }
  })
}

/** What a client needs to connect. Throws E_KEYS when the kernel was never started on this home. */
export function clientKeys(folder: string): KeyPair & { readonly serverKey: string } {
  return guarded(folder, () => {
    const server = readPair(join(folder, 'server.json'))
    return { ...readPair(join(folder, 'client.json')), serverKey: server.publicKey }
  })
}

function existing(folder: string, name: string): KeyPair {
  const file = join(folder, name)
  try {
    return readPair(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const { publicKey, secretKey } = makeKeyPair()
  createOnce(file, { publicKey, secretKey })
  return readPair(file)
}

function admittedIn(file: string): Pick<Keys, 'list' | 'userOf' | 'admit' | 'revoke'> {
  let seen = ''
  let byName: ReadonlyMap<string, string> = new Map()
  let byKey: ReadonlyMap<string, string> = new Map()

  const refresh = (): void => {
    const { ino, mtimeMs, size } = statSync(file)
    const now = `${ino} ${mtimeMs} ${size}`
    if (now === seen) return
    const map = readJson(file)
    for (const [name, key] of Object.entries(map))
      if (typeof key !== 'string' || !isZ85Key(key)) wrong(file, `${name} has no public key`)
    byName = new Map(Object.entries(map as Record<string, string>))
    byKey = new Map([...byName].map(([name, key]) => [key, name]))
    seen = now
  }
  const list = (): ReadonlyMap<string, string> => {
    guarded(file, refresh)
    return byName
  }
  const write = (names: ReadonlyMap<string, string>): void =>
    guarded(file, () => {
      const beside = writeBeside(file, Object.fromEntries(names))
      renameSync(beside, file)
    })

  return {
    list,
    userOf: (publicKey) => {
      list()
      return byKey.get(publicKey)
    },
    admit: (name, publicKey) => {
      const names = list()
      if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/.test(name))
        throw new BatError('E_KEY_NAME', {
          name,
          problem: 'letters, digits, `_`, `.` and `-` expected (at most 64)',
        })
      if (!isZ85Key(publicKey))
        throw new BatError('E_KEY_NAME', { name, problem: 'a public key has 40 characters of Z85' })
      if (names.has(name)) throw new BatError('E_KEY_NAME', { name, problem: 'the name is taken' })
      const other = byKey.get(publicKey)
      if (other !== undefined)
        throw new BatError('E_KEY_NAME', { name, problem: `the key is admitted already, as ${other}` })
      write(new Map([...names, [name, publicKey]]))
    },
    revoke: (name) => {
      const names = new Map(list())
      if (!names.delete(name))
        throw new BatError('E_KEY_NAME', { name, problem: 'nobody is admitted under it' })
      write(names)
    },
  }
}

function readPair(file: string): KeyPair {
  const { publicKey, secretKey } = readJson(file)
  if (typeof publicKey !== 'string' || typeof secretKey !== 'string') return wrong(file, 'it has no key pair')
  if (!isZ85Key(publicKey) || !isZ85Key(secretKey)) return wrong(file, 'its keys are not Z85 of 32 bytes')
  return { publicKey, secretKey }
}

function readJson(file: string): Record<string, unknown> {
  const mode = statSync(file).mode & 0o777
  if (process.platform !== 'win32' && (mode & 0o077) !== 0)
    throw new BatError('E_KEYS', {
      file,
      problem: `others can read it (mode ${mode.toString(8)})`,
      hint: `chmod 600 ${file}`,
    })
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (isPlainObject(parsed)) return parsed
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  return wrong(file, 'it is not a JSON object')
}

function wrong(file: string, problem: string): never {
  throw new BatError('E_KEYS', {
    file,
    problem,
    hint: 'restore it from a backup, or remove it to make a new one',
  })
}

function writeBeside(file: string, content: object): string {
  const beside = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`
  writeFileSync(beside, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600, flag: 'wx', flush: true })
  return beside
}

// Linking fails when the file is there: whoever links first has made it.
function createOnce(file: string, content: object): void {
  const beside = writeBeside(file, content)
  try {
    linkSync(beside, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    rmSync(beside)
  }
}

function guarded<T>(file: string, act: () => T): T {
  try {
    return act()
  } catch (cause) {
    if (cause instanceof BatError) throw cause
    const absent = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    throw new BatError(
      'E_KEYS',
      {
        file: (cause as NodeJS.ErrnoException).path ?? file,
        problem: absent ? 'it is not there' : (cause as Error).message,
        hint: absent ? 'keys are made at the first start: batos up' : 'the folder must belong to you',
      },
      { cause },
    )
  }
}
