// The peer of the benchmark `send`: a ROUTER that sends back what it gets. Tells its parent where it listens.
import { Router } from 'zeromq'

const router = new Router({ linger: 0 })
await router.bind('tcp://127.0.0.1:*')
process.send?.(router.lastEndpoint)
for await (const frames of router) await router.send(frames)
