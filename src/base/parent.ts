// A child that is to end with its parent. The parent starts it with an IPC channel, which the system closes when the
// parent dies, however it dies; nothing need be sent over it.
import type { Stop } from './teardown.ts'

/**
 * Calls `callback` once when the process that started this one is gone. Does nothing where it was started without a
 * channel (by hand, in a terminal). The watch alone does not keep the process alive. Answers what ends the watch.
 */
export function onParentGone(callback: () => void): Stop {
  if (process.connected === undefined) return () => {}
  if (!process.connected) queueMicrotask(callback)
  process.once('disconnect', callback)
  process.channel?.unref()
  return () => {
    process.off('disconnect', callback)
  }
}
