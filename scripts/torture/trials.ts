// The trials there are, in the order in which they are run.
import { bitFlips } from './bit-flips.ts'
import { fullDisk } from './full-disk.ts'
import { fullDiskAtPack } from './full-disk-pack.ts'
import { killsAtBackup } from './kill-backup.ts'
import { killsAtCommit, killsAtImport, killsAtPack } from './kills.ts'
import { largeBlob } from './large-blob.ts'
import { killsAtMigration } from './migration-kills.ts'
import { million } from './million.ts'
import { powerCuts } from './power-cuts.ts'
import type { Trial } from './trial.ts'

export const trials: readonly Trial[] = [
  killsAtCommit,
  killsAtImport,
  killsAtPack,
  killsAtMigration,
  killsAtBackup,
  powerCuts,
  fullDisk,
  fullDiskAtPack,
  bitFlips,
  largeBlob,
  million,
]
