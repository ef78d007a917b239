// Writes the seed mind's corpus to data/seed: corpus.jsonl, and two small sets that the trainer watches, one of training
// names and one of names that training never shows. The same seed makes the same files.
import { closeSync, mkdirSync, openSync, renameSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { packageRoot } from '../../src/base/package-root.ts'
import { drawDocument } from './documents.ts'
import type { Split } from './names.ts'
import { makeRandom } from './random.ts'

const { values: options } = parseArgs({
  options: {
    documents: { type: 'string', default: '260000' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string', default: join(packageRoot, 'data/seed') },
  },
})
const seed = Number(options.seed)
mkdirSync(options.out, { recursive: true })

function write(name: string, count: number, from: number, split: Split): void {
  const random = makeRandom(from)
  const path = join(options.out, name)
  const file = openSync(`${path}.part`, 'w')
  let lines: string[] = []
  for (let i = 0; i < count; i++) {
    lines.push(JSON.stringify(drawDocument(random, split)))
    if (lines.length === 2000 || i === count - 1) {
      writeSync(file, `${lines.join('\n')}\n`)
      lines = []
    }
  }
  closeSync(file)
  renameSync(`${path}.part`, path)
  console.log(`${path}: ${count} documents`)
}

write('valid-train.jsonl', 200, seed + 1001, 'train')
write('valid-heldout.jsonl', 200, seed + 2002, 'heldout')
write('corpus.jsonl', Number(options.documents), seed, 'train')
writeFileSync(join(options.out, 'READY'), `${new Date().toISOString()}\n`)
