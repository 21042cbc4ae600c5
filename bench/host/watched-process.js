// Runs a program and reads from the kernel, while it runs, what it and its children hold in memory.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';

const PROGRAM = new URL('../../bin/run.js', import.meta.url).pathname;
const EVERY_MILLISECONDS = 10;

/**
 * @typedef {object} Watched
 * @property {number | null} code
 * @property {string} stdout
 * @property {number} milliseconds
 * @property {number} hostPeakMegabytes highest resident set of the process itself (VmHWM)
 * @property {number} childAnonymousMegabytes highest anonymous memory of any of its children
 */

/** A command of embed-search as a user runs it. */
export function startCommand(
  /** @type {readonly string[]} */ args,
  /** @type {import('node:child_process').StdioOptions} */ stdio,
  program = PROGRAM,
) {
  return spawn(process.execPath, [program, ...args], { stdio });
}

/**
 * Runs a command to its end. getrusage is no help here: a child inherits the peak of the process that forked it.
 *
 * @param {readonly string[]} args
 * @param {string} [program] the file in bin/ of another checkout, to compare with
 * @returns {Promise<Watched>}
 */
export async function watchCommand(args, program) {
  const started = performance.now();
  const child = startCommand(args, ['ignore', 'pipe', 'ignore'], program);
  let host = 0;
  let anonymous = 0;
  const timer = setInterval(() => {
    host = Math.max(host, kilobytes(`/proc/${child.pid}/status`, 'VmHWM'));
    for (const pid of childrenOf(child.pid))
      anonymous = Math.max(anonymous, kilobytes(`/proc/${pid}/status`, 'RssAnon'));
  }, EVERY_MILLISECONDS);
  const ended = new Promise((resolve) => child.once('close', resolve));
  const stdout = (await buffer(child.stdout)).toString();
  const code = /** @type {number | null} */ (await ended);
  clearInterval(timer);
  return {
    code,
    stdout,
    milliseconds: performance.now() - started,
    hostPeakMegabytes: host / 1024,
    childAnonymousMegabytes: anonymous / 1024,
  };
}

function kilobytes(/** @type {string} */ file, /** @type {string} */ name) {
  try {
    return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync(file, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0; // it has just ended
  }
}

export function childrenOf(/** @type {number | undefined} */ pid) {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean),
    );
  } catch {
    return [];
  }
}
