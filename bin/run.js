#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';

// Young objects here are short-lived rows and buffers: a young generation that grows only costs memory.
setFlagsFromString('--semi-space-growth-factor=1');

const { run } = await import('@oclif/core/run');
await run(process.argv.slice(2), import.meta.url).catch(async (error) => {
  const { handle } = await import('@oclif/core/handle');
  await handle(error);
});
