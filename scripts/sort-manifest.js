// oclif writes the commands in the order in which it happened to find them, which differs between two runs; what is committed
// must not.
import { readFileSync, writeFileSync } from 'node:fs';

const file = new URL('../oclif.manifest.json', import.meta.url);
const manifest = JSON.parse(readFileSync(file, 'utf8'));
const ids = Object.keys(manifest.commands).sort();
manifest.commands = Object.fromEntries(ids.map((id) => [id, manifest.commands[id]]));
writeFileSync(file, JSON.stringify(manifest, null, 2));
