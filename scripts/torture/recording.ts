// What a process does to files, recorded: it runs under strace, and what it wrote, synced, named and said is told in order.
// Its data must go by write calls; what this cannot follow (shared writable maps, copies within the kernel) it refuses, so
// that nothing is left out unseen. LMDB's own lock.mdb, a map of shared memory that each opener makes anew, is left out.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'

/** The number of a file; it stays when the file is renamed. */
export type FileNumber = number

/** Written, but not on the disk; `synced`: by a call that has put it there when it returns, which is when this is told again. */
export interface WriteEvent {
  readonly what: 'write'
  readonly file: FileNumber
  readonly at: number
  readonly bytes: Buffer
  readonly synced: boolean
}

export type DiskEvent =
  | WriteEvent
  | { readonly what: 'size'; readonly file: FileNumber; readonly size: number }
  /** All that was written to the file before the event `upTo` is on the disk. */
  | { readonly what: 'sync'; readonly file: FileNumber; readonly upTo: number }
  | { readonly what: 'name'; readonly path: string; readonly file: FileNumber }
  | { readonly what: 'folder'; readonly path: string }
  | { readonly what: 'unname'; readonly path: string }
  | { readonly what: 'rename'; readonly from: string; readonly to: string; readonly file: FileNumber }
  | { readonly what: 'sync folder'; readonly path: string; readonly upTo: number }
  | { readonly what: 'said'; readonly text: string }

const WRITES = ['write', 'writev', 'pwrite64', 'pwritev']
const NAMES = [
  'openat',
  'open',
  'rename',
  'renameat',
  'renameat2',
  'link',
  'linkat',
  'unlink',
  'unlinkat',
  'mkdir',
  'mkdirat',
  'rmdir',
]
const SYNCS = ['fsync', 'fdatasync', 'ftruncate', 'lseek']
const REFUSED = [
  'truncate',
  'pwritev2',
  'fallocate',
  'copy_file_range',
  'sendfile',
  'sync_file_range',
  'msync',
]

/** The command under which a process is recorded to the file `log`. */
export const recorded = (log: string, command: readonly string[]): readonly string[] => [
  'strace',
  ...['-f', '-y', '-xx', '-qq', '-s', '1000000000', '-e', 'signal=none', '-E', 'UV_USE_IO_URING=0'],
  ...['-e', `trace=${[...WRITES, ...NAMES, ...SYNCS, ...REFUSED, 'mmap'].join(',')}`, '-o', log],
  ...command,
]

/** Why nothing can be recorded here; undefined where it can. */
export function recordingMissing(): string | undefined {
  const probe = spawnSync('strace', ['-qq', '-f', '-y', '-o', '/dev/null', 'true'])
  return probe.status === 0 ? undefined : 'strace is not there, or may not trace'
}

/** What the process did below `folder`, and what it said on standard output, in order. */
export function readRecording(log: string, folder: string): DiskEvent[] {
  const recording = new Recording(folder)
  const begun = new Map<string, Call>()
  for (const line of readFileSync(log, 'latin1').split('\n')) {
    if (line === '') continue
    const space = line.indexOf(' ')
    const process = line.slice(0, space)
    const text = line.slice(space).trimStart()
    if (text.startsWith('<... ')) {
      const call = begun.get(process)
      begun.delete(process)
      if (call) recording.ended(call, resultOf(text))
    } else {
      const open = text.indexOf('(')
      const call = recording.began(text.slice(0, open), text.slice(open + 1))
      if (text.endsWith('<unfinished ...>')) begun.set(process, call)
      else recording.ended(call, resultOf(text))
    }
  }
  return recording.events
}

interface Call {
  readonly name: string
  readonly args: string
  /** How many events there were when it began. */
  readonly upTo: number
  readonly write: WriteEvent | undefined
}

/** `= 5<path>`, `= -1 ENOENT (…)`: what a call answered, and the path of a descriptor. */
function resultOf(text: string): { readonly number: number; readonly path: string } {
  const [, number = '-1', path = ''] = /\) += (-?\d+)(?:<([^>]*)>)?[^=]*$/.exec(text.slice(-20_000)) ?? []
  return { number: Number(number), path: plain(path) }
}

const plain = (text: string): string => Buffer.from(text.replaceAll('\\x', ''), 'hex').toString()
const stringsIn = (args: string): string[] => [...args.matchAll(/"([^"]*)"/g)].map(([, text]) => text!)

class Recording {
  readonly events: DiskEvent[] = []
  readonly #folder: string
  #made: FileNumber = 0
  readonly #files = new Map<string, FileNumber>()
  readonly #open = new Map<number, { at: number; readonly synced: boolean }>()

  constructor(folder: string) {
    this.#folder = folder
  }

  began(name: string, args: string): Call {
    const upTo = this.events.length
    return { name, args, upTo, write: WRITES.includes(name) ? this.#writing(name, args) : undefined }
  }

  #writing(name: string, args: string): WriteEvent | undefined {
    const { descriptor, path } = target(args)
    const bytes = Buffer.concat(stringsIn(args).map((text) => Buffer.from(text.replaceAll('\\x', ''), 'hex')))
    if (descriptor === 1) this.events.push({ what: 'said', text: bytes.toString() })
    const file = this.#files.get(path)
    if (file === undefined) return undefined
    const open = this.#open.get(descriptor)!
    const at = name.startsWith('p') ? Number(/, (\d+)(?:\)| <unf)[^"]*$/.exec(args.slice(-200))![1]) : open.at
    if (!name.startsWith('p')) open.at += bytes.length
    const event = { what: 'write', file, at, bytes, synced: false } as const
    this.events.push(event)
    return event
  }

  ended(call: Call, result: { readonly number: number; readonly path: string }): void {
    const { name, args, upTo } = call
    if (result.number < 0) return
    if (name === 'openat' || name === 'open') this.#opened(args, result)
    else if (WRITES.includes(name)) this.#wrote(call, result.number)
    else if (NAMES.includes(name)) this.#named(name, args)
    else if (name === 'lseek') {
      const open = this.#open.get(target(args).descriptor)
      if (open) open.at = result.number
    } else {
      const { path } = target(args)
      const file = this.#files.get(path)
      if (name === 'ftruncate' && file !== undefined) {
        this.events.push({ what: 'size', file, size: Number(/, (\d+)/.exec(args)![1]) })
      } else if (name === 'fsync' || name === 'fdatasync') {
        if (file !== undefined) this.events.push({ what: 'sync', file, upTo })
        else if (this.#within(path)) this.events.push({ what: 'sync folder', path, upTo })
      } else this.#refuse(name, args)
    }
  }

  #opened(args: string, { number, path }: { readonly number: number; readonly path: string }): void {
    this.#open.set(number, { at: 0, synced: /O_D?SYNC/.test(args) })
    if (!this.#within(path) || basename(path) === 'lock.mdb' || !args.includes('O_CREAT')) return
    const known = this.#files.get(path)
    if (known === undefined) {
      this.#files.set(path, this.#made++)
      this.events.push({ what: 'name', path, file: this.#files.get(path)! })
    } else if (args.includes('O_TRUNC')) this.events.push({ what: 'size', file: known, size: 0 })
  }

  #wrote({ args, write }: Call, written: number): void {
    if (!write) return
    if (written !== write.bytes.length) throw new Error(`a write went only half: ${args.slice(-100)}`)
    if (this.#open.get(target(args).descriptor)!.synced) this.events.push({ ...write, synced: true })
  }

  #named(name: string, args: string): void {
    const [from, to] = stringsIn(args).map(plain) as [string, string | undefined]
    if (!this.#within(to ?? from)) return
    const file = this.#files.get(from)
    if (name.startsWith('mkdir')) this.events.push({ what: 'folder', path: from })
    else if (name.startsWith('unlink') || name === 'rmdir') {
      this.#files.delete(from)
      this.events.push({ what: 'unname', path: from })
    } else if (file === undefined) throw new Error(`${name} of ${from}, which is not known`)
    else if (name.startsWith('link')) {
      this.#files.set(to!, file)
      this.events.push({ what: 'name', path: to!, file })
    } else {
      this.#files.delete(from)
      this.#files.set(to!, file)
      this.events.push({ what: 'rename', from, to: to!, file })
    }
  }

  #refuse(name: string, args: string): void {
    if (name === 'mmap' && !(args.includes('PROT_WRITE') && args.includes('MAP_SHARED'))) return
    const paths = [...args.matchAll(/<([^>]*)>/g)].map(([, path]) => plain(path!))
    if (paths.some((path) => this.#within(path) && basename(path) !== 'lock.mdb')) {
      throw new Error(`${name} cannot be followed: ${paths.join(' ')}`)
    }
  }

  #within(path: string): boolean {
    return path === this.#folder || path.startsWith(`${this.#folder}/`) || dirname(path) === this.#folder
  }
}

/** The descriptor that a call is about, and its path: `19<path>, …`. */
function target(args: string): { readonly descriptor: number; readonly path: string } {
  const [, descriptor = '-1', path = ''] = /^(\d+)<([^>]*)>/.exec(args.slice(0, 20_000)) ?? []
  return { descriptor: Number(descriptor), path: plain(path) }
}
