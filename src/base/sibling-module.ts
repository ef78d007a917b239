// Child processes and worker threads are started by file; the file has the ending of whoever starts it (.js when
// compiled, .ts when Node runs the sources themselves).
import { extname } from 'node:path'

/** URL of the module `name` (no ending) in the folder of `importMetaUrl`. */
export const siblingModule = (importMetaUrl: string, name: string): URL =>
  new URL(`${name}${extname(new URL(importMetaUrl).pathname)}`, importMetaUrl)
