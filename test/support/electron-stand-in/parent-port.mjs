// Gives a child of Node what modules find in Electron's utility processes, and takes from it what they do not.
import process from 'node:process';
import { isMainThread } from 'node:worker_threads';

// Threads are started with this too.
if (isMainThread) {
  const send = process.send.bind(process);
  process.parentPort = {
    on: (_, listener) => process.on('message', (data) => listener({ data })),
    postMessage: (message) => void send(message),
  };
  delete process.send;
  process.on('disconnect', () => process.exit(0));
}
