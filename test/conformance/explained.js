// The suite asks for a server made for it, with tools, prompts and resources of certain names. A check that fails for
// want of one says nothing of this server. docs/mcp.md lists the same reasons.

/** @type {readonly [RegExp, string][]} */
const REASONS = [
  [/There is no tool "test_\w+"/, 'needs a tool of the suite'],
  [/^Tool '\w+' not found/, 'needs a tool of the suite'],
  [/^Not testable: server (does not list|exposes no tool)/, 'needs a tool of the suite'],
  [/Resource not found: test:/, 'needs a resource of the suite'],
  [
    /Method not found/,
    'about prompts, completion, logging or subscriptions, which the server does not declare',
  ],
  [/^Prerequisite failed: could not get initial InputRequiredResult/, 'needs a tool of the suite'],
  [/^Expected InputRequiredResult with inputRequests/, 'needs a tool of the suite'],
];

/** Why a check that failed with this message is not about this server, or undefined. */
export function explanationOf(/** @type {string} */ message) {
  return REASONS.find(([pattern]) => pattern.test(message))?.[1];
}
