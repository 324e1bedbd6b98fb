import { expect, it, vi } from 'vitest';
import { collectGarbage } from '../../src/system/memory.js';

it('collects what nothing holds any more, and nothing else', async () => {
  const collected: string[] = [];
  const registry = new FinalizationRegistry<string>(name => collected.push(name));
  const held = { values: new Float32Array(1000) };
  registry.register(held, 'held');
  (() => registry.register({ values: new Float32Array(1000) }, 'let go'))();
  await collectGarbage();
  await vi.waitFor(() => expect(collected).toEqual(['let go']));
  expect(held.values).toHaveLength(1000);
});
