// The command that has a training script run on another machine or under a job system, as a line for a POSIX shell:
//
//   here                on this machine
//   ssh:HOST            on HOST: script and data are copied to its home folder, the result back from it
//   sbatch              under Slurm, on one GPU, waited for; the folders must be where its nodes see them
//   ray                 on a Ray cluster; the same
//   TEMPLATE            any other, with {script}, {data}, {out}, {name} for the words to put in
import { basename } from 'node:path'
import { BatError } from '../base/errors.ts'

export interface Job {
  readonly script: string
  readonly data: string
  /** The folder of the result. */
  readonly out: string
  readonly name: string
}

/** The command line. Throws E_USAGE when `how` is none of the above. */
export function jobCommand(how: string, job: Job): string {
  const { script, data, out, name } = job
  const train = trainCommand(script, data, out)
  if (how === 'here') return train
  if (how === 'sbatch') return `sbatch --wait --gres=gpu:1 --job-name=${quoted(name)} --wrap=${quoted(train)}`
  if (how === 'ray') return `ray job submit -- ${train}`
  if (how.startsWith('ssh:')) return overSsh(how.slice(4), job)
  if (how.includes('{script}'))
    return how.replace(/\{(script|data|out|name)\}/g, (_, word: keyof Job) => quoted(job[word]))
  throw new BatError('E_USAGE', {
    problem: `--job ${how}: no such way to run it`,
    hint: "here, ssh:HOST, sbatch, ray, or a command of your own: --job 'srun python3 {script} --data {data} --out {out}'",
  })
}

function overSsh(host: string, { script, data, out, name }: Job): string {
  if (!/^[\w.@-]+$/.test(host) || host.startsWith('-'))
    throw new BatError('E_USAGE', { problem: `--job ssh:${host}: no name of a host`, hint: 'write ssh:HOST' })
  const there = trainCommand(basename(script), basename(data), name)
  return [
    `scp -q ${quoted(script)} ${quoted(data)} ${host}:`,
    `ssh ${host} ${quoted(there)}`,
    `scp -qr ${quoted(`${host}:${name}`)} ${quoted(out)}`,
  ].join(' && ')
}

const trainCommand = (script: string, data: string, out: string): string =>
  `python3 ${quoted(script)} --data ${quoted(data)} --out ${quoted(out)}`

/** One word of a POSIX shell. */
const quoted = (word: string): string =>
  /^[\w./:@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
