import { expect, it } from 'vitest';
import { temporaryFolder } from './example.js';
import { readMutated } from './torch-mutations.js';

const folder = await temporaryFolder();

it('damaged files of torch.save give the right tensors or one sentence', async () => {
  const { refused, read } = await readMutated(folder, 300, 1);
  expect(refused).toBeGreaterThan(200);
  expect(read).toBeGreaterThan(5);
});
