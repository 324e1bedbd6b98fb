import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkWeights, openTensors } from '../../src/checkpoint/weights.js';
import { expectedOf, goldenNames, goldens, isRead } from './torch-files.js';

describe('files that torch.save wrote', () => {
  it('are of both formats', () => {
    expect(goldenNames.filter(name => name.endsWith('-zip')).length).toBeGreaterThan(8);
    expect(goldenNames.filter(name => name.endsWith('-legacy')).length).toBeGreaterThan(7);
  });

  it.each(goldenNames)('%s: every tensor is what torch reads', async name => {
    const expected = await expectedOf(name);
    const source = await openTensors(join(goldens, name));
    try {
      const sorted = (infos: Iterable<{ name: string }>) => [...infos].sort((a, b) => (a.name < b.name ? -1 : 1));
      expect(sorted(source.tensors.values())).toEqual(sorted(expected.tensors.values()));
      expect([...source.notTensors].sort()).toEqual([...expected.notTensors].sort());
      for (const [tensor, values] of expected.values) {
        expect(await source.read(tensor), tensor).toEqual(values);
        const { shape } = source.tensors.get(tensor)!;
        if (shape.length === 0) continue;
        const width = values.length / Math.max(1, shape[0]!);
        const rows = Int32Array.from({ length: shape[0]! }, (_, row) => row).filter(row => row % 3 !== 1);
        const asked = Int32Array.from([...rows].reverse());
        const wanted = Float32Array.from(
          [...asked].flatMap(row => [...values.subarray(row * width, (row + 1) * width)]),
        );
        expect(await source.readRows(tensor, asked), tensor).toEqual(wanted);
      }
      for (const { name: tensor, dtype } of source.tensors.values()) {
        if (isRead(dtype)) continue;
        await expect(source.read(tensor)).rejects.toThrow(
          `holds ${tensor} as ${dtype}; panx reads F32, F16, BF16 and F64.`,
        );
      }
    } finally {
      await source.close();
    }
    await checkWeights(join(goldens, name));
  });
});
