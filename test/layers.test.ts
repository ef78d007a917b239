import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, it } from 'node:test'
import { packageRoot } from '../src/base/package-root.ts'

/** What each part may import from, besides itself. */
const below: Readonly<Record<string, readonly string[]>> = {
  'src/base': [],
  'src/protocol': ['src/base'],
  'src/image': ['src/base'],
  'src/mind': ['src/base'],
  'src/guardian': ['src/base'],
  'src/sandbox': ['src/base', 'src/image'],
  'src/memory': ['src/base', 'src/image', 'src/mind', 'src/guardian', 'src/sandbox'],
  'src/cognition': ['src/base', 'src/image', 'src/mind', 'src/guardian', 'src/sandbox'],
  'src/metacognition': ['src/base', 'src/image', 'src/mind'],
  'src/forge': ['src/base', 'src/image', 'src/mind'],
  'src/console': ['src/base', 'src/protocol'],
  steward: ['src/base', 'src/protocol'],
}

/** The files that may import a native library. */
const natives: Readonly<Record<string, readonly string[]>> = {
  lmdb: ['src/image/store.ts'],
  'node-llama-cpp': ['src/mind/native-mind.ts'],
  zeromq: ['src/protocol/client.ts', 'kernel/router.ts'],
  'quickjs-emscripten': ['src/sandbox/isolate.ts'],
  koffi: ['src/forge/ggml.ts', 'src/forge/blas.ts'],
  acorn: ['src/guardian/parse.ts'],
}

const sources = ['src', 'kernel', 'steward'].flatMap((root) =>
  readdirSync(join(packageRoot, root), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(root, name)),
)

const importsOf = (file: string): string[] =>
  [
    ...readFileSync(join(packageRoot, file), 'utf8').matchAll(
      /^(?:import|export)\b[^'"]*?from '([^']+)'|import\('([^']+)'\)/gm,
    ),
  ].map(([, named, dynamic]) => named ?? dynamic!)

const partOf = (file: string): string =>
  file.startsWith('src/') ? file.split('/').slice(0, 2).join('/') : file.split('/')[0]!

describe('the layers', () => {
  for (const [part, allowed] of Object.entries(below)) {
    it(`let ${part} see ${allowed.join(', ') || 'nothing of ours'}`, () => {
      const wrong = sources
        .filter((file) => partOf(file) === part)
        .flatMap((file) =>
          importsOf(file)
            .filter((name) => name.startsWith('.'))
            .map((name) => relative('.', join(dirname(file), name)))
            .filter((target) => ![part, ...allowed].includes(partOf(target)))
            .map((target) => `${file} imports ${target}`),
        )
      assert.deepEqual(wrong, [])
    })
  }

  it('keep kernel and steward apart', () => {
    const wrong = sources.filter(
      (file) => file.startsWith('kernel/') && importsOf(file).some((name) => name.includes('steward')),
    )
    assert.deepEqual(wrong, [])
  })

  for (const [library, files] of Object.entries(natives)) {
    it(`let only ${files.join(' and ')} import ${library}`, () => {
      const importers = sources.filter((file) =>
        importsOf(file).some((name) => name === library || name.startsWith(`${library}/`)),
      )
      assert.deepEqual(
        importers.filter((file) => !files.includes(file)),
        [],
      )
    })
  }
})
