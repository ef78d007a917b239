// `npm run bench -- NAME [--quick] [--json]`: runs one benchmark and prints its rows as they are measured, on standard
// error. With --json the last line of standard output is
// {"name", "results": [{"what", "ours", "peer", "ratio", "goal", "ok"}]}. Exit status 1 when a goal was missed.
import type { BenchOptions, Row } from './result.ts'

const benchmarks: Readonly<
  Record<string, () => Promise<{ run(options: BenchOptions): AsyncIterable<Row> }>>
> = {
  image: () => import('./image.ts'),
  send: () => import('./send.ts'),
  loop: () => import('./loop.ts'),
  sandbox: () => import('./sandbox.ts'),
  trainer: () => import('./trainer.ts'),
  mind: () => import('./mind.ts'),
}

const [name, ...flags] = process.argv.slice(2)
const load = name === undefined ? undefined : benchmarks[name]
if (!load) {
  console.error(
    `batos: ${name ? `no benchmark ${name}` : 'which benchmark?'} There are: ${Object.keys(benchmarks).join(', ')}`,
  )
  process.exit(2)
}
const results: Row[] = []
for await (const each of (await load()).run({ quick: flags.includes('--quick') })) {
  const { what, ours, peer, ratio, goal, ok } = each
  results.push(each)
  console.error(`${ok ? '✓' : '✗'} ${what}: ${ours}, peer ${peer}, ratio ${ratio} (goal ${goal})`)
}
if (flags.includes('--json')) console.log(JSON.stringify({ name, results }))
process.exit(results.every(({ ok }) => ok) ? 0 : 1)
