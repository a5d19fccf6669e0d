import { Worker } from 'node:worker_threads';

const { postMessage } = Worker.prototype;
Worker.prototype.postMessage = function () {
  Worker.prototype.postMessage = postMessage;
  void this.terminate();
};

await import('../../dist/main.js');
