import { expect, it } from 'vitest';
import { temporaryFolder } from './example.js';
import { readMutated } from './torch-mutations.js';

const folder = await temporaryFolder();

it('10,000 damaged files of torch.save give the right tensors or one sentence', async () => {
  const { refused, read } = await readMutated(folder, 10_000, 1000);
  expect(refused).toBeGreaterThan(7000);
  expect(read).toBeGreaterThan(100);
});
