// Takes the place of the module that MCP's SDK has for each platform: with the validator that needs no compiler. Ajv
// compiles schemas of elicitations, which this server never asks for.
export { default as process } from 'node:process';
export { CfWorkerJsonSchemaValidator as DefaultJsonSchemaValidator } from '@modelcontextprotocol/server/validators/cf-worker';
