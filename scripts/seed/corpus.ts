// Writes the seed mind's corpus (see corpus-files.ts). npm run seed:corpus [-- options]
import { join } from 'node:path'
import { Command, Option } from 'commander'
import { packageRoot } from '../../src/base/package-root.ts'
import { writeCorpus } from './corpus-files.ts'
import { COURSE_NAMES, type Course } from './families/course.ts'
import { RECIPE } from './recipe.ts'
import { runProgram, wholeFrom } from './run-program.ts'

interface Options {
  readonly course: Course
  readonly documents: number
  readonly out: string
  readonly seed: number
}

const options = new Command('seed:corpus')
  .description('write what a seed mind is trained on')
  .addOption(
    new Option('--course <course>', 'whose methods it has').choices(COURSE_NAMES).default(RECIPE.course),
  )
  .option('--documents <n>', 'so many', wholeFrom(1), RECIPE.documents)
  .option('--seed <n>', 'of all that is random', wholeFrom(0), RECIPE.seed)
  .option('--out <folder>', 'where to', join(packageRoot, 'data/seed'))
  .parse()
  .opts<Options>()

await runProgram(async () => {
  const { out, ...how } = options
  writeCorpus(out, { ...how, tell: console.log })
})
