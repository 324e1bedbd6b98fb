import { describe, expect, it } from 'vitest';
import { hasBf16, parseCpuInfo, parseNvidiaSmi, readHardware, withoutFeatures } from '../../src/engine/hardware.js';

describe('parseCpuInfo', () => {
  it('reads the model and the instruction sets that matter of an x86 processor', () => {
    const text = [
      'processor\t: 0',
      'vendor_id\t: GenuineIntel',
      'model\t\t: 143',
      'model name\t: Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz',
      'flags\t\t: fpu sse2 avx2 fma avx512f avx512_vnni avx512_bf16 amx_bf16 amx_tile',
      '',
      'processor\t: 1',
      'model name\t: another',
    ].join('\n');
    expect(parseCpuInfo(text)).toEqual({
      model: 'Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz',
      features: ['avx2', 'fma', 'avx512f', 'avx512_vnni', 'avx512_bf16', 'amx_bf16'],
    });
  });

  it('reads an arm64 processor, which has Features and no model name', () => {
    const text = 'processor\t: 0\nBogoMIPS\t: 2100.00\nFeatures\t: fp asimd sve bf16 i8mm\nCPU part\t: 0xd40\n';
    expect(parseCpuInfo(text)).toEqual({ model: '', features: ['asimd', 'sve', 'bf16'] });
  });

  it('does not take a longer name for a feature', () => {
    expect(parseCpuInfo('flags\t: avx2x xavx512f').features).toEqual([]);
  });

  it('finds nothing where there is no /proc/cpuinfo', () => {
    expect(parseCpuInfo('')).toEqual({ model: '', features: [] });
  });
});

describe('withoutFeatures', () => {
  it('names what to do without', () => {
    expect(withoutFeatures('avx512_bf16,amx_bf16')).toEqual(['avx512_bf16', 'amx_bf16']);
    expect(withoutFeatures('')).toEqual([]);
  });

  it('refuses what does not matter, which may be misspelt', () => {
    expect(() => withoutFeatures('avx512_bf16,avx512-vnni')).toThrow(
      /^PANX_CPU_WITHOUT names avx512-vnni; expected some of avx2, /,
    );
  });
});

describe('parseNvidiaSmi', () => {
  it('reads the first GPU', () => {
    expect(parseNvidiaSmi('NVIDIA H200, 570.86.15, 143771, 9.0\nNVIDIA H200, 570.86.15, 143771, 9.0\n')).toEqual({
      name: 'NVIDIA H200',
      driver: '570.86.15',
      memoryBytes: 143771 * 2 ** 20,
      computeCapability: 9,
    });
  });

  it('keeps a GPU whose driver does not tell its compute capability', () => {
    expect(parseNvidiaSmi('Tesla K80, 470.1, 11441, [N/A]\n')?.computeCapability).toBe(0);
  });

  it.each(['', 'No devices were found\n', 'NVIDIA-SMI has failed, because\n'])('finds none in %j', text => {
    expect(parseNvidiaSmi(text)).toBeNull();
  });
});

it('reads the machine that it runs on', async () => {
  const hardware = await readHardware();
  expect(hardware.cpu).not.toBe('');
  expect(hardware.cores).toBeGreaterThanOrEqual(1);
  expect(hardware.memoryBytes).toBeGreaterThan(1e8);
  expect(hardware.memoryBytes).toBeLessThan(1e15);
});

it('hasBf16: of the GPU where there is one, else of the CPU', () => {
  const gpu = { name: 'GPU', driver: '1', memoryBytes: 1, computeCapability: 8 };
  expect(hasBf16(['avx512f', 'avx512_bf16'], null)).toBe(true);
  expect(hasBf16(['amx_bf16'], null)).toBe(true);
  expect(hasBf16(['avx2', 'avx512f'], null)).toBe(false);
  expect(hasBf16([], gpu)).toBe(true);
  expect(hasBf16(['avx512_bf16'], { ...gpu, computeCapability: 7.5 })).toBe(false);
});
