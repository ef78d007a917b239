// The calls of a web service from a small OpenAPI description. An operation that takes something (a part of its path, a
// query, a body) is a message with an argument.
import type { ProxyPlan } from '../../../src/mind/tasks.ts'
import { type Split, WORDS, word } from '../names.ts'
import { chance, integer, pick, type Random } from '../random.ts'
import { sameJson, type TaskCase, tasks } from './case.ts'

const VERBS = { get: ['get', 'find', 'show'], post: ['create', 'add'], delete: ['delete', 'remove'] } as const

export function drawProxy(random: Random, split: Split): TaskCase {
  const noun = () => pick(random, WORDS[split]).slice(0, 10)
  const base = `https://${pick(random, ['api', 'www'])}.${word(random, split)}.${pick(random, ['org', 'com', 'net'])}${chance(random, 0.4) ? `/v${integer(random, 1, 4)}` : ''}`
  const lines = ['openapi: 3.0.0', 'servers:', `  - url: ${base}`, 'paths:']
  const calls: ProxyPlan['calls'][number][] = []
  for (let i = integer(random, 1, 3); i > 0; i--) {
    const thing = noun()
    const verb = pick(random, ['get', 'get', 'post', 'delete'] as const)
    const part =
      verb === 'delete' || (verb === 'get' && chance(random, 0.5))
        ? `/{${pick(random, ['id', 'name', 'key'])}}`
        : ''
    const query = verb === 'get' && part === '' && chance(random, 0.4) ? noun() : undefined
    const path = `/${thing}${part}`
    const operation = `${pick(random, VERBS[verb])}${thing[0]!.toUpperCase()}${thing.slice(1)}`
    if (calls.some((call) => call.path === path || call.selector.startsWith(operation))) continue
    lines.push(`  ${path}:`, `    ${verb}:`, `      operationId: ${operation}`)
    if (query !== undefined) lines.push(`      query: ${query}`)
    if (verb === 'post') lines.push('      requestBody: json')
    const takes = part !== '' || query !== undefined || verb === 'post'
    calls.push({ selector: takes ? `${operation}_` : operation, verb: verb.toUpperCase(), path })
  }
  const answer = JSON.stringify({ base, calls } satisfies ProxyPlan)
  return {
    task: 'proxy',
    ask: tasks.proxy(lines.join('\n')),
    answer,
    isRight: (given) => sameJson(given, answer),
  }
}
