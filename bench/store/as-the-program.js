// Imported before the program of a child: V8's flags as bin/run.js sets them. On Node's command line they do more than a
// process can have that is under way: less memory, and half as long again for a question.
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { v8FlagsFor } from '../../dist/lib/memory/v8-flags.js';

const isWriter = path.basename(process.argv[1] ?? '') === 'write.js';
for (const flag of v8FlagsFor(isWriter ? 'index' : 'query')) setFlagsFromString(flag);
