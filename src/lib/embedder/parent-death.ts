import { existsSync } from 'node:fs';

const SHELL = '/bin/sh';
const SETPRIV = '/usr/bin/setpriv';
// Asks first, because setpriv before util-linux 2.33 and BusyBox's do not know the option. `exec` keeps the pid.
const SCRIPT = 'setpriv --pdeathsig KILL true 2>/dev/null && exec setpriv --pdeathsig KILL "$@"; exec "$@"';

/**
 * A command that the kernel kills when the thread that starts it dies, where the system can do that (Linux with
 * util-linux): it works also while the child's event loop is busy. Everywhere else the child ends as soon as its event
 * loop sees the channel closed. A worker thread that watches the parent instead would take 6.5 MB.
 */
export function tiedToParent(
  command: readonly string[],
  system: { platform: NodeJS.Platform; exists: (path: string) => boolean } = {
    platform: process.platform,
    exists: existsSync,
  },
): readonly string[] {
  if (system.platform !== 'linux' || !system.exists(SHELL) || !system.exists(SETPRIV)) return command;
  return [SHELL, '-c', SCRIPT, 'sh', ...command];
}
