// `npm run bench -- NAME [--json]`: runs one benchmark and prints its table. With --json the last line of standard output is
// {"name", "results": [{"what", "ours", "peer", "ratio", "goal", "ok"}]}. Exit status 1 when a goal was missed.
import type { Row } from './result.ts'

const benchmarks: Readonly<Record<string, () => Promise<{ run(): Promise<Row[]> }>>> = {
  send: () => import('./send.ts'),
  loop: () => import('./loop.ts'),
  sandbox: () => import('./sandbox.ts'),
}

const [name, ...flags] = process.argv.slice(2)
const load = name === undefined ? undefined : benchmarks[name]
if (!load) {
  console.error(
    `batos: ${name ? `no benchmark ${name}` : 'which benchmark?'} There are: ${Object.keys(benchmarks).join(', ')}`,
  )
  process.exit(2)
}
const results = await (await load()).run()
for (const { what, ours, peer, ratio, goal, ok } of results) {
  console.error(`${ok ? '✓' : '✗'} ${what}: ${ours}, peer ${peer}, ratio ${ratio} (goal ${goal})`)
}
if (flags.includes('--json')) console.log(JSON.stringify({ name, results }))
process.exit(results.every(({ ok }) => ok) ? 0 : 1)
