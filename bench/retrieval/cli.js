// Runs the command line as a user does, with its own Node.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { buffer } from 'node:stream/consumers';

const program = path.resolve(import.meta.dirname, '../../bin/run.js');

/** Runs a command with --json and returns its result; throws what it says when it has none. */
export async function runJson(/** @type {readonly string[]} */ args) {
  const child = spawn(process.execPath, [program, ...args, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const output = (await buffer(child.stdout)).toString();
  const document = JSON.parse(output);
  if (!document.ok) throw new Error(`embed-search ${args.join(' ')}: ${JSON.stringify(document.error)}`);
  return document.result;
}

/** Runs `query --batch` and yields a document for each line that it prints. */
export async function* runBatch(/** @type {readonly string[]} */ args) {
  const child = spawn(process.execPath, [program, 'query', ...args, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout, crlfDelay: Infinity }))
    yield JSON.parse(line);
}
