#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';

// Collect garbage early instead of growing: what lives long here is small, and the host's memory is a promise.
setFlagsFromString('--semi-space-growth-factor=1');
setFlagsFromString('--heap-growing-percent=20');
setFlagsFromString('--optimize-for-size');

const { main } = await import('../dist/lib/cli/main.js');
await main(import.meta.url);
