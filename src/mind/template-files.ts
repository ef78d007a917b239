// The prompt templates as they are delivered, in prompts/.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../base/package-root.ts'
import { parseTemplate, type Template } from './prompts.ts'

/** Reads the templates of these names from a folder; E_TEMPLATE when one is not as it should be. */
export function readTemplates<Name extends string>(
  names: readonly Name[],
  folder = join(packageRoot, 'prompts'),
): Record<Name, Template> {
  const read = (name: Name): Template =>
    parseTemplate(readFileSync(join(folder, `${name}.md`), 'utf8'), `${name}.md`)
  return Object.fromEntries(names.map((name) => [name, read(name)])) as Record<Name, Template>
}
