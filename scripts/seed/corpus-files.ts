// The seed mind's corpus as files: corpus.jsonl, and two small sets that the trainer watches, one of training names and one
// of names that training never shows. The same seed makes the same files. READY is written last.
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { drawDocument } from './documents.ts'
import type { Course } from './families/course.ts'
import type { Split } from './names.ts'
import { makeRandom, type Random } from './random.ts'

export interface CorpusFiles {
  readonly corpus: string
  readonly validTrain: string
  readonly validHeldout: string
}

export const corpusFiles = (folder: string): CorpusFiles => ({
  corpus: join(folder, 'corpus.jsonl'),
  validTrain: join(folder, 'valid-train.jsonl'),
  validHeldout: join(folder, 'valid-heldout.jsonl'),
})

export const hasCorpus = (folder: string): boolean => existsSync(join(folder, 'READY'))

const VALIDATION = 200

/** Writes the files, each under another name until it is whole; tells of each. */
export function writeCorpus(
  folder: string,
  options: {
    readonly course: Course
    readonly documents: number
    readonly seed: number
    readonly tell: (line: string) => void
  },
): void {
  const { course, documents, seed, tell } = options
  const write = (path: string, count: number, from: number, split: Split) => {
    writeDocuments(path, count, { random: makeRandom(from), split, course })
    tell(`${path}: ${count} documents`)
  }
  mkdirSync(folder, { recursive: true })
  const ready = join(folder, 'READY')
  rmSync(ready, { force: true })
  const files = corpusFiles(folder)
  write(files.validTrain, VALIDATION, seed + 1001, 'train')
  write(files.validHeldout, VALIDATION, seed + 2002, 'heldout')
  write(files.corpus, documents, seed, 'train')
  writeFileSync(ready, `${documents} documents of the ${course} course, seed ${seed}\n`)
}

function writeDocuments(
  path: string,
  count: number,
  { random, split, course }: { readonly random: Random; readonly split: Split; readonly course: Course },
): void {
  const file = openSync(`${path}.part`, 'w')
  let lines: string[] = []
  for (let i = 0; i < count; i++) {
    lines.push(JSON.stringify(drawDocument(random, split, course)))
    if (lines.length === 2000 || i === count - 1) {
      writeSync(file, `${lines.join('\n')}\n`)
      lines = []
    }
  }
  closeSync(file)
  renameSync(`${path}.part`, path)
}
