// A real HTTP server with one file that behaves as servers and networks do on bad days. Each request takes the next of the
// behaviours given (the last one stays): cut the connection midway, say nothing, lie about the length, answer a status,
// change the file, lead elsewhere. Lists of files that it is given it just answers.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Behaviour =
  | { readonly do: 'serve'; readonly headers?: Readonly<Record<string, string>> }
  /** Sends so many bytes of what was asked for and drops the connection. */
  | { readonly do: 'cut'; readonly after: number }
  /** Sends so many bytes and then nothing, with the connection left open. */
  | { readonly do: 'stall'; readonly after: number }
  /** Says another length than it sends. */
  | { readonly do: 'lie'; readonly length: number }
  | { readonly do: 'answer'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | { readonly do: 'redirect'; readonly to: string; readonly headers?: Readonly<Record<string, string>> }
  /** Takes no notice of a range. */
  | { readonly do: 'whole' }
  /** Sends the range from another place than asked. */
  | { readonly do: 'elsewhere' }
  /** Sends with no length, in chunks. */
  | { readonly do: 'chunked' }

export interface FileServer {
  readonly url: string
  readonly origin: string
  /** What was asked, in order. */
  readonly asked: IncomingMessage[]
  content: Buffer
  /** By path, what is answered there as JSON, whatever the behaviour. */
  readonly lists: Map<string, unknown>
  /** A strong ETag is sent; `weak` sends one that may not be gone on with, `none` none. */
  etag: 'strong' | 'weak' | 'none'
  behave(...behaviours: Behaviour[]): void
  stop(): Promise<void>
}

export async function startFileServer(content: Buffer, path = '/model.gguf'): Promise<FileServer> {
  let behaviours: Behaviour[] = [{ do: 'serve' }]
  const server: Server = createServer((request, response) => {
    made.asked.push(request)
    const list = made.lists.get(new URL(request.url ?? '', origin).pathname)
    if (list !== undefined) {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(list))
      return
    }
    const next = behaviours.length > 1 ? behaviours.shift()! : behaviours[0]!
    respond(made, next, request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const made: FileServer = {
    ...{ origin, content, url: `${origin}${path}`, asked: [], lists: new Map(), etag: 'strong' },
    behave: (...next) => {
      behaviours = next
    },
    stop: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return made
}

function respond(
  { content, etag }: FileServer,
  behaviour: Behaviour,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const tag = `"${createHash('sha256').update(content).digest('hex').slice(0, 16)}"`
  const given = etag === 'none' ? {} : { etag: etag === 'weak' ? `W/${tag}` : tag }
  if (behaviour.do === 'answer') {
    response.writeHead(behaviour.status, behaviour.headers).end('no')
    return
  }
  if (behaviour.do === 'redirect') {
    response.writeHead(302, { location: behaviour.to, ...behaviour.headers }).end()
    return
  }
  const asked = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1]
  const current = etag === 'strong' && request.headers['if-range'] === tag
  const from = asked !== undefined && current && behaviour.do !== 'whole' ? Number(asked) : 0
  if (from > 0 && from >= content.length) {
    response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end()
    return
  }
  const start = behaviour.do === 'elsewhere' && from > 0 ? from - 1 : from
  const body = content.subarray(start)
  const status = from > 0 ? 206 : 200
  const range = from > 0 ? { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` } : {}
  const headers = { ...given, ...range, ...('headers' in behaviour ? behaviour.headers : {}) }
  const length = { 'content-length': String(body.length) }
  switch (behaviour.do) {
    case 'cut':
      response.writeHead(status, { ...headers, ...length })
      response.write(body.subarray(0, behaviour.after), () => response.socket?.destroy())
      break
    case 'stall':
      response.writeHead(status, { ...headers, ...length })
      response.write(body.subarray(0, behaviour.after))
      break
    case 'lie':
      // Written to the socket itself: Node's server would not let it happen.
      response.socket?.end(
        Buffer.concat([
          Buffer.from(
            `HTTP/1.1 200 OK\r\netag: ${tag}\r\ncontent-length: ${behaviour.length}\r\nconnection: close\r\n\r\n`,
          ),
          body,
        ]),
      )
      break
    case 'chunked':
      response.writeHead(status, headers)
      response.end(body)
      break
    default:
      response.writeHead(status, { ...headers, ...length })
      response.end(body)
  }
}
