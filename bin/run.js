#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';

const { v8FlagsFor } = await import('../dist/lib/memory/v8-flags.js').catch((error) => {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  console.error('Error: embed-search is not built here: run npm ci and npm run build in its folder.');
  process.exit(1);
});

// Before anything else is loaded.
for (const flag of v8FlagsFor(process.argv[2])) setFlagsFromString(flag);

const { main } = await import('../dist/lib/cli/main.js');
await main(import.meta.url);
