import { type MemoryReport, memoryReport } from '../memory.js';
import { type Check, examine, type Examination } from './check.js';
import { lanesCheck, recoveryCheck, referenceCheck, roundTripCheck, startCheck } from './checks/embedder.js';
import {
  chunksCheck,
  coverageCheck,
  freshnessCheck,
  indexCheck,
  integrityCheck,
  lockCheck,
} from './checks/index.js';
import {
  configCheck,
  environmentCheck,
  freeDiskCheck,
  freeMemoryCheck,
  nodeCheck,
  terminalCheck,
  watchesCheck,
} from './checks/machine.js';
import { mcpCheck } from './checks/mcp.js';
import { bindingCheck, modelCheck } from './checks/model.js';
import { type DoctorOptions, Subject } from './subject.js';

/** In this order: what others stand on comes first. */
const CHECKS = [
  nodeCheck,
  freeMemoryCheck,
  bindingCheck,
  modelCheck,
  startCheck,
  referenceCheck,
  lanesCheck,
  roundTripCheck,
  recoveryCheck,
  indexCheck,
  integrityCheck,
  chunksCheck,
  coverageCheck,
  freshnessCheck,
  lockCheck,
  freeDiskCheck,
  watchesCheck,
  configCheck,
  environmentCheck,
  terminalCheck,
  mcpCheck,
];

export interface Diagnosis extends Examination {
  readonly memory: MemoryReport;
}

/** Examines machine, model, embedder and index; changes nothing. `onCheck` is told of each check as it ends. */
export async function doctor(options: DoctorOptions, onCheck: (check: Check) => void): Promise<Diagnosis> {
  const subject = new Subject(options);
  try {
    const examination = await examine(CHECKS, subject, onCheck);
    return { ...examination, memory: memoryReport(await subject.embedderStats()) };
  } finally {
    await subject.close();
  }
}
