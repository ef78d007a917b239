// The Python program for other machines, run as far as it goes without their libraries: parsed, asked for help, run dry.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { jobCommand } from '../../src/forge/job-command.ts'

const folder = mkdtempSync(join(tmpdir(), "batos' script "))
after(() => rmSync(folder, { recursive: true }))
const data = join(folder, 'golden.jsonl')
const program = fileURLToPath(new URL('../../src/console/main.js', import.meta.url))
// A machine that checks submissions (.ci/run says CI) has it: a green run there means that Python took the program.
const hasPython = spawnSync('python3', ['--version']).status === 0
const python = hasPython || process.env.CI ? {} : { skip: 'there is no python3 here' }

const lines = [
  {
    messages: [
      { role: 'user', content: 'say é\n\u{1f600}' },
      { role: 'assistant', content: 'return 1\n' },
    ],
    given: 3,
  },
  ...Array.from({ length: 6 }, (_, i) => ({
    messages: [
      { role: 'user', content: `double: ${i}` },
      { role: 'assistant', content: `\u{1f600} ${2 * i}` },
    ],
  })),
]
writeFileSync(data, lines.map((line) => JSON.stringify(line)).join('\n'))

const batos = (...args: string[]) =>
  spawnSync(process.execPath, [program, '--home', join(folder, 'home'), ...args], { encoding: 'utf8' })
const run = (...args: string[]) => spawnSync('python3', args, { encoding: 'utf8', cwd: folder })

test('writes a program that Python takes and that knows data and settings', python, () => {
  const settings = ['--rank', '4', '--epochs', '2', '--targets', 'q,v,down', '--job', 'ssh:gpu1']
  const made = batos(
    'forge',
    'script',
    data,
    '--persona',
    'ROBIN',
    '--model',
    'org/model',
    ...settings,
    '--json',
  )
  assert.equal(made.status, 0, made.stderr)
  const { script, documents, command } = JSON.parse(made.stdout) as Record<string, string>
  assert.equal(documents, 7)
  assert.match(command!, /^scp -q .* gpu1: && ssh gpu1 .* && scp -qr gpu1:ROBIN_golden /)
  const compiled = run('-m', 'py_compile', script!)
  assert.equal(compiled.status, 0, compiled.stderr)
  assert.match(run(script!, '--help').stdout, /--dry-run/)

  const dry = run(script!, '--dry-run', '--model', '/models/other')
  assert.equal(dry.status, 0, dry.stderr)
  const {
    model,
    rank,
    alpha,
    targets,
    rate,
    documents: found,
    steps,
    warm_up_steps,
  } = JSON.parse(dry.stdout) as Record<string, unknown>
  assert.deepEqual([model, rank, alpha, rate, found], ['/models/other', 4, 32, 2e-4, 7])
  assert.deepEqual(targets, ['q_proj', 'v_proj', 'down_proj'])
  // 7 documents, 2 a batch, 2 batches a step, 2 epochs
  assert.deepEqual([steps, warm_up_steps], [4, 1])

  const changed = join(folder, 'other.jsonl')
  writeFileSync(changed, JSON.stringify(lines[1]))
  const refused = run(script!, '--dry-run', '--data', changed)
  assert.equal(refused.status, 1)
  assert.match(refused.stderr, /--other-data takes it all the same/)
  assert.equal(run(script!, '--dry-run', '--data', changed, '--other-data').status, 0)
  writeFileSync(changed, `${JSON.stringify(lines[1])}\n{"messages":[{"role":"user","content":"x"}]}`)
  assert.match(
    run(script!, '--dry-run', '--data', changed, '--other-data').stderr,
    /line 2: the last message/,
  )
  assert.match(run(script!, '--dry-run', '--llama-cpp', folder).stderr, /no convert_lora_to_gguf\.py/)
})

test('refuses settings, data and ways to run it that make no sense, before anything is written', () => {
  const script = (...args: string[]) =>
    batos('forge', 'script', data, '--persona', 'ROBIN', '--model', 'org/model', ...args)
  assert.match(script('--rank', '0').stderr, /rank/)
  assert.match(script('--job', 'sbtach').stderr, /here, ssh:HOST, sbatch, ray/)
  assert.equal(batos('forge', 'script', data).status, 2)
  assert.match(batos('forge', 'script', join(folder, 'robin.jsonl'), '--model', 'm').stderr, /robin\.jsonl/)
})

test('makes a command of which a shell reads each word as it was', () => {
  const job = { script: "/a b/it's.py", data: '/d/$x.jsonl', out: '/out', name: 'golden' }
  const echoed = (command: string) =>
    spawnSync('sh', ['-c', command.replace(/^python3 /, 'printf "%s|" ')], { encoding: 'utf8' }).stdout
  assert.equal(echoed(jobCommand('here', job)), "/a b/it's.py|--data|/d/$x.jsonl|--out|/out|")
  const wrapped = jobCommand('sbatch', job).replace(
    /^sbatch --wait --gres=gpu:1 --job-name=golden --wrap=/,
    'printf %s ',
  )
  assert.equal(spawnSync('sh', ['-c', wrapped], { encoding: 'utf8' }).stdout, jobCommand('here', job))
  assert.equal(jobCommand('ray', job), `ray job submit -- ${jobCommand('here', job)}`)
  assert.equal(echoed(jobCommand('python3 {script} {name} {data}', job)), "/a b/it's.py|golden|/d/$x.jsonl|")
  assert.throws(() => jobCommand('ssh:-oProxyCommand=x', job), { code: 'E_USAGE' })
})
