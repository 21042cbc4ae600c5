import {
  type CallToolResult,
  ProtocolError,
  ProtocolErrorCode,
  ResourceNotFoundError,
  Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { CfWorkerJsonSchemaValidator } from '@modelcontextprotocol/server/validators/cf-worker';
import { EmbedSearchError } from '../errors.js';
import { nearest } from '../config/nearest.js';
import { argumentError, toolError, toolResult } from './answers.js';
import { ClientRoots } from './client-roots.js';
import { instructions } from './instructions.js';
import { readResource, RESOURCE_TEMPLATES, RESOURCES } from './resources.js';
import type { Tool } from './tool.js';
import { TOOLS } from './tools.js';
import type { CallProgress } from './types.js';
import type { Workspace } from './workspace.js';

/** What is particular to the way that a client is connected. */
export interface Connection {
  /** Is this one client for good, whose roots decide what is searched? */
  readonly isExclusive: boolean;
  /** Settles when the client has read enough of what it asked for. */
  readonly drained: () => Promise<void>;
  /** A bug of ours: it is reported, and answered as an error. */
  readonly onBug: (error: unknown) => void;
}

const validator = new CfWorkerJsonSchemaValidator();
const byName = new Map(TOOLS.map((tool) => [tool.name, tool]));
const argumentChecks = new Map(
  TOOLS.map(({ name, inputSchema }) => [name, validator.getValidator(inputSchema)]),
);
const listed = TOOLS.map(({ name, title, description, inputSchema, outputSchema, annotations }) => ({
  name,
  title,
  description,
  inputSchema: inputSchema as { type: 'object' },
  outputSchema: outputSchema as { type: 'object' },
  annotations,
}));

/** The server's end of one connection, or over HTTP of one request, in either era of the protocol. */
export function mcpServer(workspace: Workspace, connection: Connection): Server {
  const server = new Server(
    { name: 'embed-search', title: 'embed-search', version: workspace.options.version },
    { capabilities: { tools: {}, resources: {} }, instructions: instructions(workspace) },
  );
  const roots = connection.isExclusive ? new ClientRoots(server, workspace) : undefined;

  server.setRequestHandler('tools/list', async () => {
    void roots?.known.then(() => workspace.warmUp());
    if (roots === undefined) workspace.warmUp();
    return { tools: listed };
  });
  server.setRequestHandler('tools/call', async ({ params }, context) => {
    const tool = byName.get(params.name);
    if (tool === undefined) {
      throw new ProtocolError(
        ProtocolErrorCode.InvalidParams,
        `There is no tool ${JSON.stringify(params.name.slice(0, 100))}.`,
      );
    }
    const args = params.arguments ?? {};
    const unknown = unknownArgument(tool.inputSchema, args);
    if (unknown !== undefined) return argumentError(tool.name, unknown);
    const checked = argumentChecks.get(tool.name)!(args);
    if (!checked.valid) return argumentError(tool.name, checked.errorMessage);
    await roots?.known;
    return answer(tool, args as never, context);
  });

  server.setRequestHandler('resources/list', () => ({ resources: RESOURCES }));
  server.setRequestHandler('resources/templates/list', () => ({ resourceTemplates: RESOURCE_TEMPLATES }));
  server.setRequestHandler('resources/read', async ({ params }) => {
    try {
      await roots?.known;
      const found = await readResource(workspace, params.uri);
      if (found !== undefined) return { contents: [{ ...found }] };
    } catch (error) {
      if (!(error instanceof EmbedSearchError)) throw error;
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, `${error.message} ${error.fix}`);
    }
    throw new ResourceNotFoundError(params.uri);
  });
  return server;

  async function answer(tool: Tool, args: never, context: ServerContext): Promise<CallToolResult> {
    const { signal } = context.mcpReq;
    const call = { signal, onProgress: progressTo(context) };
    const revision = server.getNegotiatedProtocolVersion();
    try {
      // An update takes minutes and is the work of another process: it stands in nobody's way.
      if (!tool.annotations.readOnlyHint) return toolResult(await tool.run(workspace, args, call), revision);
      return await workspace.calls.pass(signal, async () => {
        await connection.drained();
        signal.throwIfAborted();
        return toolResult(await tool.run(workspace, args, call), revision);
      });
    } catch (error) {
      if (!signal.aborted && !(error instanceof EmbedSearchError)) connection.onBug(error);
      return toolError(error);
    } finally {
      // When the answer is on its way: nobody waits for the garbage of it.
      setImmediate(workspace.callEnded);
    }
  }
}

/** Undefined where the client has not asked to be told. */
function progressTo({ mcpReq }: ServerContext): ((progress: CallProgress) => void) | undefined {
  // oxlint-disable-next-line no-underscore-dangle -- the protocol's name
  const progressToken = mcpReq._meta?.progressToken;
  if (progressToken === undefined) return undefined;
  let last = -1;
  return ({ progress, total, message }) => {
    // The protocol wants every figure to be higher than the one before.
    last = progress > last ? progress : last + 0.001;
    const params = { progressToken, progress: last, ...(total === undefined ? {} : { total }), message };
    mcpReq.notify({ method: 'notifications/progress', params }).catch(() => {}); // the client has gone
  };
}

/** In words that a model can act on; a validator would name the rule that was broken. */
function unknownArgument(
  { properties = {} }: { readonly properties?: Readonly<Record<string, unknown>> },
  args: Readonly<Record<string, unknown>>,
): string | undefined {
  const known = Object.keys(properties);
  const name = Object.keys(args).find((each) => !known.includes(each));
  if (name === undefined) return undefined;
  const meant = nearest(name, known);
  const fix = meant === undefined ? `It takes ${known.join(', ')}.` : `Did you mean ${meant}?`;
  return `there is no ${JSON.stringify(name.slice(0, 100))}. ${fix}`;
}
