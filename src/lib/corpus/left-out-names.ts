// Names that are left out whatever the ignore files say of them. All are compared in lower case.

const SECRET_NAMES = new Set(
  `.npmrc .yarnrc.yml .netrc _netrc .pgpass .my.cnf .pypirc .htpasswd .git-credentials .dockercfg .dockerconfigjson .s3cfg
   .boto .vault-token .vault_pass .terraformrc credentials credentials.json credentials.xml credentials.yml credentials.yaml
   client_secret.json client_secrets.json secrets.json secrets.yml secrets.yaml secrets.toml secring.gpg master.key
   id_rsa id_dsa id_ecdsa id_ed25519 id_ecdsa_sk id_ed25519_sk ssh_host_rsa_key ssh_host_dsa_key ssh_host_ecdsa_key
   ssh_host_ed25519_key wallet.dat`.split(/\s+/),
);
const SECRET_ENDINGS =
  /\.(pem|key|p12|pfx|p8|pk8|jks|keystore|bcfks|ppk|kdbx?|keychain(-db)?|ovpn|mobileprovision|tfstate(\.backup)?|env)$/;
const SECRET_STARTS = /^(\.env|service[-_]account.*\.json$|client_secret_.*\.json$)/;
const SECRET_FOLDERS = new Set(['.ssh', '.gnupg', '.aws', '.azure', '.kube', '.docker', '.password-store']);

// `build`, `dist`, `target`, `vendor` and `out` are not here: they are source in some projects, and .gitignore names
// them where they are not. What build tools mark as a cache is found by its marker (see MARKED_FOLDERS).
const DEPENDENCY_FOLDERS = new Set([
  'node_modules',
  'bower_components',
  'jspm_packages',
  '__pycache__',
  'site-packages',
]);

const REPOSITORY_FOLDERS = new Set(['.git', '.hg', '.svn', '.jj', '.bzr', '_darcs']);

// cargo, pytest, ruff and others put CACHEDIR.TAG (bford.info/cachedir) into their caches; venv writes pyvenv.cfg.
const MARKED_FOLDERS = new Map([
  ['CACHEDIR.TAG', 'a cache (CACHEDIR.TAG)'],
  ['pyvenv.cfg', 'a Python environment (pyvenv.cfg)'],
]);

/** Keys, passwords and the files that hold them. A false alarm costs a line in .embed-searchignore, a miss costs a secret. */
export function looksSecret(name: string, isFolder: boolean): boolean {
  const lower = name.toLowerCase();
  if (isFolder) return SECRET_FOLDERS.has(lower);
  return SECRET_NAMES.has(lower) || SECRET_ENDINGS.test(lower) || SECRET_STARTS.test(lower);
}

export function isHidden(name: string): boolean {
  return name.startsWith('.');
}

/** Folders of installed or derived things, which nobody wrote by hand. */
export function isDependencyFolder(name: string): boolean {
  return DEPENDENCY_FOLDERS.has(name);
}

/** Where version control keeps its own data: never entered. (`.git` is a file in a worktree.) */
export function isRepositoryData(name: string): boolean {
  return REPOSITORY_FOLDERS.has(name);
}

/** What a folder says it is by a marker file among its names, or undefined. */
export function markedAs(names: readonly string[]): string | undefined {
  const marker = names.find((name) => MARKED_FOLDERS.has(name));
  return marker === undefined ? undefined : MARKED_FOLDERS.get(marker);
}
