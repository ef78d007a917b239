// Telling systemd (sd_notify): READY=1, STOPPING=1, and WATCHDOG=1 at half the time it allows. The messages go through
// the program systemd-notify, since Node has no datagram sockets of the unix kind; the unit therefore needs
// `NotifyAccess=all`. Where NOTIFY_SOCKET is not set, nothing is done.
import { execFile } from 'node:child_process'

export interface Notify {
  ready(status: string): void
  stopping(): void
  /** Ends the watchdog's messages. */
  close(): void
}

type Environment = Readonly<Record<string, string | undefined>>

export function openNotify(environment: Environment, onFault: (problem: string) => void): Notify {
  if (!environment.NOTIFY_SOCKET) return { ready: () => {}, stopping: () => {}, close: () => {} }
  let told = false
  const tell = (...messages: readonly string[]): void => {
    execFile(
      'systemd-notify',
      [`--pid=${process.pid}`, ...messages],
      { timeout: 5000, env: { ...environment } },
      (error) => {
        if (error === null || told) return
        told = true
        onFault(`systemd-notify: ${error.message}`)
      },
    )
  }
  const period = Number(environment.WATCHDOG_USEC ?? 0) / 2000
  const watchdog = period > 0 ? setInterval(() => tell('WATCHDOG=1'), period) : undefined
  watchdog?.unref()
  return {
    ready: (status) => tell('READY=1', `STATUS=${status}`),
    stopping: () => tell('STOPPING=1'),
    close: () => clearInterval(watchdog),
  }
}
