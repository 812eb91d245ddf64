/** For shells whose binary is not Node: how the processes of engines and probes are started. */
export { forkThrough, type Fork } from '../engine/process/fork.ts';
