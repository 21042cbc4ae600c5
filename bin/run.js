#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';
import { V8_FLAGS } from '../dist/lib/memory/v8-flags.js';

// Before anything else is loaded.
for (const flag of V8_FLAGS) setFlagsFromString(flag);

const { main } = await import('../dist/lib/cli/main.js');
await main(import.meta.url);
