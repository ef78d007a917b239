// Writes the seed mind's corpus to data/seed (see corpus-files.ts). npm run seed:corpus [-- --course first] [--documents N] [--seed N] [--out FOLDER]
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { packageRoot } from '../../src/base/package-root.ts'
import { writeCorpus } from './corpus-files.ts'
import { courseNamed } from './families/course.ts'
import { RECIPE } from './recipe.ts'

const { values: options } = parseArgs({
  options: {
    course: { type: 'string', default: RECIPE.course },
    documents: { type: 'string', default: String(RECIPE.documents) },
    seed: { type: 'string', default: String(RECIPE.seed) },
    out: { type: 'string', default: join(packageRoot, 'data/seed') },
  },
})
writeCorpus(options.out, {
  course: courseNamed(options.course),
  documents: Number(options.documents),
  seed: Number(options.seed),
  tell: console.log,
})
