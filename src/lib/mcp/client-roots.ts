import type { Server } from '@modelcontextprotocol/server';
import { setTimeout as delay } from 'node:timers/promises';
import { foldersOfRoots } from './roots.js';
import type { Workspace } from './workspace.js';

/** How long a client may take to name its roots before it is answered from the folder that the server was started in. */
const PATIENCE_MILLISECONDS = 3_000;

/** Takes the roots of a client of the earlier revisions that has some, and again whenever it says that they changed. */
export class ClientRoots {
  /** Settles when it is known what may be searched. */
  known: Promise<void> = Promise.resolve();
  readonly #server: Server;
  readonly #workspace: Workspace;

  constructor(server: Server, workspace: Workspace) {
    this.#server = server;
    this.#workspace = workspace;
    server.oninitialized = () => this.#ask();
    server.setNotificationHandler('notifications/roots/list_changed', () => this.#ask());
  }

  #ask(): void {
    if (this.#workspace.options.folders !== undefined) return;
    if (!this.#server.getClientCapabilities()?.roots) return;
    const taken = this.#take().catch(() => {}); // a client that cannot say it after all
    this.known = Promise.race([taken, delay(PATIENCE_MILLISECONDS, undefined, { ref: false })]);
  }

  async #take(): Promise<void> {
    const { roots } = await this.#server.listRoots();
    this.#workspace.useFolders(foldersOfRoots(roots.map(({ uri }) => uri)));
  }
}
