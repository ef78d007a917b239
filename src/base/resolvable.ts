// A promise that somebody else resolves.
export interface Resolvable {
  readonly promise: Promise<void>
  readonly resolve: () => void
}

export function resolvable(): Resolvable {
  let resolve = () => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
