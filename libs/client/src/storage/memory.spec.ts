import { MemoryStorage } from './memory.js';
import { storageContract } from '../testing/storage-contract.js';

storageContract('memory', () => {
  const storage = new MemoryStorage();
  return Promise.resolve({ storage, reopen: () => Promise.resolve(storage) });
});
