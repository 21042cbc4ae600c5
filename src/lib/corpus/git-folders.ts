import { lstatSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { readSmallFile } from './read-small-file.js';

/** Whether the folder is the root of a repository or of a worktree (where `.git` is a file). */
export function hasGit(folder: string): boolean {
  const stat = lstatSync(join(folder, '.git'), { throwIfNoEntry: false });
  return stat !== undefined && (stat.isDirectory() || stat.isFile());
}

/** The root of the repository that the folder lies in, or undefined. */
export function repositoryRoot(folder: string): string | undefined {
  for (let current = folder; ; current = dirname(current)) {
    if (hasGit(current)) return current;
    if (dirname(current) === current) return undefined;
  }
}

/** The path of `info/exclude` for the repository whose root is `folder`; worktrees share that of their main repository. */
export function gitInfoExclude(folder: string): string | undefined {
  const git = join(folder, '.git');
  const stat = lstatSync(git, { throwIfNoEntry: false });
  if (stat?.isDirectory() === true) return join(git, 'info', 'exclude');
  if (stat?.isFile() !== true) return undefined;
  const target = /^gitdir:\s*(.+)$/m.exec(readSmallFile(git) ?? '')?.[1]?.trim();
  if (target === undefined) return undefined;
  const gitFolder = resolve(folder, target);
  const common = readSmallFile(join(gitFolder, 'commondir'))?.trim();
  return join(common === undefined ? gitFolder : resolve(gitFolder, common), 'info', 'exclude');
}

/** The user's own excludes file, where git looks for it: `core.excludesFile`, else `~/.config/git/ignore`. */
export function globalExcludesFile(environment: NodeJS.ProcessEnv = process.env): string {
  const home = environment['HOME'] ?? homedir();
  const configHome = environment['XDG_CONFIG_HOME'] ?? '';
  const gitConfig = join(configHome === '' ? join(home, '.config') : configHome, 'git');
  for (const config of [join(home, '.gitconfig'), join(gitConfig, 'config')]) {
    const file = /^\s*excludesfile\s*=\s*"?([^"\n]+?)"?\s*$/im.exec(readSmallFile(config) ?? '')?.[1];
    if (file !== undefined) return resolve(home, file.replace(/^~(?=\/)/, home));
  }
  return join(gitConfig, 'ignore');
}
