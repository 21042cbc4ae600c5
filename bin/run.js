#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';

// Young objects here are short-lived rows and buffers: a young generation that grows only costs memory.
setFlagsFromString('--semi-space-growth-factor=1');

const { main } = await import('../dist/main.js');
await main(import.meta.url);
