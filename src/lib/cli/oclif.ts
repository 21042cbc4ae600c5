// A module of our own between: oclif is CommonJS, whose names a dynamic import of a bundle does not see.
export { handle } from '@oclif/core/handle';
export { run } from '@oclif/core/run';
