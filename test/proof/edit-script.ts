import fs from 'node:fs';
import path from 'node:path';
import { randomNumbers } from '../store/made-up.js';
import { contentsOf } from './contents.js';
import { completeIndex, expectSound } from './runs.js';
import { fileText } from './tree.js';

type Random = () => number;

const NAMES = ['a.txt', 'b.md', 'c.ts', 'd.py', 'e.txt', 'part.md', 'new.ts', 'ü.txt'];
const FOLDERS = ['', 'one/', 'two/', 'one/deep/'];
const PATTERNS = ['*.md', 'one/', 'a.txt', '!a.txt', '/two/*', 'deep', 'new.ts'];

/** A folder that a seed's edits are made in, with all that its files have ever said. */
class EditedTree {
  readonly root: string;
  readonly #random: Random;
  readonly #old: string[] = [];
  readonly done: string[] = [];

  constructor(root: string, random: Random) {
    this.root = root;
    this.#random = random;
  }

  edit(): void {
    const edits: (() => void)[] = [
      () => this.create(),
      () => this.create(),
      () => this.#edit(),
      () => this.#edit(),
      () => this.#rename(),
      () => this.#renameFolder(),
      () => this.#remove(),
      () => this.#removeFolder(),
      () => this.#ignore(),
      () => this.#hide(),
      () => this.#link(),
      () => this.#revert(),
      () => this.#revert(),
      () => this.#keepTime(),
      () => this.#sameSize(),
      () => this.#touch(),
      () => this.#copy(),
      () => this.#odd(),
      () => this.#replaceByFolder(),
    ];
    try {
      this.#pick(edits)();
    } catch (error) {
      // What is unreadable, a link or gone cannot be edited: the script goes on.
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    }
  }

  /** A new file, or another content for one that is there. */
  create(): void {
    const file = this.#place();
    this.done.push(`create ${file}`);
    this.#write(file, fileText(file, this.#random));
  }

  /** Readable again, all of it. */
  show(): void {
    const show = (folder: string): void => {
      fs.chmodSync(folder, 0o755);
      for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
        const at = path.join(folder, entry.name);
        if (entry.isDirectory()) show(at);
        else if (entry.isFile()) fs.chmodSync(at, 0o644);
      }
    };
    show(this.root);
    this.done.push('show all');
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#random() * from.length)]!;
  }

  #place(): string {
    return this.#pick(FOLDERS) + this.#pick(NAMES);
  }

  #files(): string[] {
    const found: string[] = [];
    const look = (folder: string): void => {
      for (const entry of fs.readdirSync(path.join(this.root, folder), { withFileTypes: true })) {
        if (entry.isDirectory()) look(`${folder}${entry.name}/`);
        else if (entry.isFile() && !entry.name.startsWith('.')) found.push(folder + entry.name);
      }
    };
    look('');
    return found.sort();
  }

  #write(file: string, text: string | Buffer): void {
    const at = path.join(this.root, file);
    fs.mkdirSync(path.dirname(at), { recursive: true });
    if (typeof text === 'string') this.#old.push(text);
    // Most editors write beside and rename, some write into the file.
    if (this.#random() < 0.5) fs.writeFileSync(at, text);
    else {
      fs.writeFileSync(`${at}~`, text);
      fs.renameSync(`${at}~`, at);
    }
  }

  #edit(): void {
    const file = this.#pick(this.#files());
    this.done.push(`edit ${file}`);
    const text = fs.readFileSync(path.join(this.root, file), 'utf8');
    const lines = text.split('\n');
    const line = Math.floor(this.#random() * lines.length);
    const kind = this.#random();
    if (kind < 0.3) lines.splice(line, 1);
    else if (kind < 0.6) lines.splice(line, 0, `river ${Math.floor(this.#random() * 1000)} candle`);
    else lines.push('', fileText(file, this.#random));
    this.#write(file, lines.join('\n'));
  }

  #rename(): void {
    const [from, to] = [this.#pick(this.#files()), this.#place()];
    this.done.push(`rename ${from} to ${to}`);
    fs.mkdirSync(path.dirname(path.join(this.root, to)), { recursive: true });
    fs.renameSync(path.join(this.root, from), path.join(this.root, to));
  }

  #renameFolder(): void {
    const to = `moved-${Math.floor(this.#random() * 100)}`;
    this.done.push(`rename one/ to ${to}/`);
    fs.renameSync(path.join(this.root, 'one'), path.join(this.root, to));
  }

  #remove(): void {
    const file = this.#pick(this.#files());
    this.done.push(`remove ${file}`);
    fs.rmSync(path.join(this.root, file));
  }

  #removeFolder(): void {
    this.done.push('remove two/');
    fs.rmSync(path.join(this.root, 'two'), { recursive: true });
  }

  #ignore(): void {
    const file = this.#pick(['.embed-searchignore', 'one/.embed-searchignore']);
    const rules = Array.from({ length: Math.floor(this.#random() * 3) }, () => this.#pick(PATTERNS));
    this.done.push(`${file}: ${rules.join(' ')}`);
    fs.writeFileSync(path.join(this.root, file), rules.map((rule) => `${rule}\n`).join(''));
  }

  #hide(): void {
    const at = this.#random() < 0.3 ? 'one' : this.#pick(this.#files());
    const mode = this.#random() < 0.7 ? 0 : 0o755;
    this.done.push(`chmod ${mode.toString(8)} ${at}`);
    fs.chmodSync(path.join(this.root, at), mode);
  }

  #link(): void {
    const to = this.#pick(['one', 'a.txt', '/etc/hostname', 'nowhere', '..']);
    const file = this.#place();
    this.done.push(`link ${file} to ${to}`);
    fs.rmSync(path.join(this.root, file), { force: true });
    fs.symlinkSync(to, path.join(this.root, file));
  }

  #revert(): void {
    const file = this.#pick(this.#files());
    this.done.push(`an old content for ${file}`);
    this.#write(file, this.#pick(this.#old));
  }

  #keepTime(): void {
    const file = this.#pick(this.#files());
    this.done.push(`edit ${file}, its time kept`);
    const at = path.join(this.root, file);
    const { atime, mtime } = fs.statSync(at);
    fs.appendFileSync(at, `\nsilver ${Math.floor(this.#random() * 1000)}\n`);
    fs.utimesSync(at, atime, mtime);
  }

  #sameSize(): void {
    const file = this.#pick(this.#files());
    this.done.push(`edit ${file}, its size kept`);
    const at = path.join(this.root, file);
    const text = fs.readFileSync(at, 'utf8');
    fs.writeFileSync(at, text.replace('river', 'stone').replace('window', 'island'));
  }

  #touch(): void {
    const file = this.#pick(this.#files());
    this.done.push(`touch ${file}`);
    fs.utimesSync(
      path.join(this.root, file),
      1e9 + Math.floor(this.#random() * 1e8),
      1e9 + this.#random() * 1e8,
    );
  }

  #copy(): void {
    const [from, to] = [this.#pick(this.#files()), this.#place()];
    this.done.push(`copy ${from} to ${to}`);
    fs.copyFileSync(path.join(this.root, from), path.join(this.root, to));
  }

  #odd(): void {
    const file = this.#place();
    const [what, content] = this.#pick<[string, string | Buffer]>([
      ['empty', ''],
      ['binary', Buffer.from([1, 0, 2, 0, 255])],
      ['blank', ' \n\n\t\n'],
      ['not UTF-8', Buffer.from('river caf\u00e9 stone\n', 'latin1')],
      ['too large', 'river stone\n'.repeat(25_000)],
      ['with a NUL far behind', `${'river stone morning\n'.repeat(600)}\0`],
    ]);
    this.done.push(`${what}: ${file}`);
    this.#write(file, content);
  }

  #replaceByFolder(): void {
    const file = this.#pick(this.#files());
    this.done.push(`${file} becomes a folder`);
    fs.rmSync(path.join(this.root, file));
    this.#write(`${file}/inside.txt`, fileText('inside.txt', this.#random));
  }
}

export interface ScriptOutcome {
  readonly script: readonly string[];
  readonly incremental: readonly string[];
  readonly fresh: readonly string[];
}

/** Makes a tree and edits it, with incremental runs between, as `seed` says; then indexes what is there anew. */
export async function runEditScript(seed: number, folder: string): Promise<ScriptOutcome> {
  const random = randomNumbers(seed * 7919 + 1);
  for (let warm = 0; warm < 5; warm++) random();
  const root = path.join(folder, `tree-${seed}`);
  const indexDir = path.join(folder, `index-${seed}`);
  const freshDir = path.join(folder, `fresh-${seed}`);
  fs.mkdirSync(root);
  const tree = new EditedTree(root, random);
  const runs = 2 + Math.floor(random() * 3);
  for (let run = 0; run < runs; run++) {
    if (run === 0) for (let file = 0; file < 12; file++) tree.create();
    const edits = 1 + Math.floor(random() * 6);
    for (let edit = 0; edit < edits; edit++) tree.edit();
    // What cannot be read now keeps its entry, which a fresh index cannot have: the last run finds all readable.
    if (run === runs - 1) tree.show();
    await completeIndex({ root, indexDir });
    await expectSound(indexDir);
    tree.done.push('index');
  }
  await completeIndex({ root, indexDir: freshDir });
  const outcome = {
    script: tree.done,
    incremental: await contentsOf(indexDir),
    fresh: await contentsOf(freshDir),
  };
  for (const made of [root, indexDir, freshDir]) fs.rmSync(made, { recursive: true, force: true });
  return outcome;
}

/** As root, files are always readable: until the function that it returns is called, this process is nobody. */
export function becomeNobody(): () => void {
  if (process.geteuid?.() !== 0) return () => undefined;
  process.seteuid!(65_534);
  return () => process.seteuid!(0);
}
