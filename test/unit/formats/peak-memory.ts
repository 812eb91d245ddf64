import { readFileSync } from 'node:fs';
import { fileSource } from '../../../src/main/formats/byte-source.ts';
import { readWeightsIndex } from '../../../src/main/formats/weights-file.ts';

/** Reads the index of a weights file, and prints by how many bytes that raised the peak of this process, and how long it computed. */

/** Linux's own count, in bytes: what Node.js tells includes the peak of the process that started this one. */
const peakBytes = (): number => 1024 * Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))![1]);

const before = peakBytes();
const begin = process.cpuUsage();
const source = await fileSource(process.argv[2]!);
try {
  await readWeightsIndex(source, 'bomb.pth');
} catch (error) {
  if (!(error instanceof Error && error.name === 'MadderError')) throw error;
} finally {
  await source.close();
}
const { user, system } = process.cpuUsage(begin);
console.log(JSON.stringify({ peak: peakBytes() - before, milliseconds: (user + system) / 1000 }));
