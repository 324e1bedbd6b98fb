import { describe, expect, it } from 'vitest';
import {
  keepsFile,
  pipDownloads,
  planEngine,
  requirementsOfExtra,
} from '../../../src/engine/tensorflow/engine-plan.js';
import type { PanxError } from '../../../src/errors.js';

describe('planEngine', () => {
  const linux = { platform: 'linux', arch: 'x64' };

  it('takes the CPU wheel for a machine without a GPU', () => {
    const plan = planEngine(linux, 'cpu');
    expect(plan.requirement).toBe('tensorflow-cpu==2.21.0');
    expect(plan.key).toBe('tensorflow-2.21.0-cpu-linux-x64');
    expect(plan.extra).toBeNull();
  });

  it('takes the full wheel and its CUDA packages for one with a GPU, in a folder of its own', () => {
    const plan = planEngine(linux, 'cuda');
    expect(plan.requirement).toBe('tensorflow==2.21.0');
    expect(plan.extra).toBe('and-cuda');
    expect(plan.key).toBe('tensorflow-2.21.0-cuda-linux-x64');
  });

  it('takes the plain name on arm64, where it is the CPU build', () => {
    expect(planEngine({ platform: 'linux', arch: 'arm64' }, 'cpu').requirement).toBe('tensorflow==2.21.0');
  });

  it('says what to do where there is no wheel', () => {
    const attempt = () => planEngine({ platform: 'darwin', arch: 'arm64' }, 'cpu');
    expect(attempt).toThrow('panx brings TensorFlow for Linux on x64 and arm64, and this is darwin on arm64.');
    try {
      attempt();
    } catch (error) {
      expect((error as PanxError).hint).toContain('PANX_LIBTENSORFLOW');
    }
  });
});

describe('pipDownloads', () => {
  const runs = pipDownloads(['tensorflow-cpu==2.21.0'], '/cache/wheels', 'x64');

  it('asks as the running Python first, and never names an index', () => {
    expect(runs[0]).toEqual(
      '-m pip download --no-deps --only-binary=:all: --progress-bar off --dest /cache/wheels tensorflow-cpu==2.21.0'.split(
        ' ',
      ),
    );
    for (const run of runs) expect(run.join(' ')).not.toMatch(/index|find-links|http/);
  });

  it('then asks for the wheels of other Pythons, whose libraries are the same', () => {
    expect(runs.slice(1).map(run => run[run.indexOf('--python-version') + 1])).toEqual([
      '3.13',
      '3.12',
      '3.11',
      '3.10',
    ]);
    const run = runs[3]!.join(' ');
    expect(run).toContain('--implementation cp --abi cp311 --abi none');
    expect(run).toContain('--platform manylinux_2_27_x86_64');
    expect(run).toContain('--no-deps --only-binary=:all:');
  });

  it('names the platform as wheels do', () => {
    expect(pipDownloads(['x'], '/w', 'arm64')[1]!.join(' ')).toContain('--platform manylinux2014_aarch64');
  });
});

describe('requirementsOfExtra', () => {
  // As in the METADATA of tensorflow 2.21.0.
  const metadata = `Requires-Dist: ml_dtypes<1.0.0,>=0.5.1
Requires-Dist: nvidia-cublas-cu12<13.0,>=12.5.3.2; extra == "and-cuda"
Requires-Dist: nvidia-nccl-cu12<3.0,>=2.27.7; extra == "and-cuda"
Requires-Dist: tensorflow-io-gcs-filesystem>=0.23.1; (sys_platform != "win32" and python_version < "3.13") and extra == "gcs-filesystem"
`;

  it('lists the CUDA packages without their marker', () => {
    expect(requirementsOfExtra(metadata, 'and-cuda')).toEqual([
      'nvidia-cublas-cu12<13.0,>=12.5.3.2',
      'nvidia-nccl-cu12<3.0,>=2.27.7',
    ]);
  });

  it('lists nothing for an extra that there is not', () => {
    expect(requirementsOfExtra(metadata, 'metal')).toEqual([]);
  });
});

describe('keepsFile', () => {
  it.each([
    'tensorflow/libtensorflow_cc.so.2',
    'tensorflow/libtensorflow_framework.so.2',
    'tensorflow/include/tensorflow/c/c_api.h',
    'tensorflow/include/tensorflow/core/framework/op_kernel.h',
    'tensorflow/include/xla/tsl/c/tsl_status.h',
    'tensorflow/include/Eigen/src/Core/Matrix.h',
    'nvidia/cublas/lib/libcublas.so.12',
    'nvidia/cuda_nvcc/bin/ptxas',
  ])('keeps %s', path => {
    expect(keepsFile(path)).toBe(true);
  });

  it.each([
    'tensorflow/__init__.py',
    'tensorflow/python/_pywrap_tfe.so',
    'tensorflow/include/external/llvm-project/x.h',
    'tensorflow/include/tensorflow/compiler/xla.h',
    'tensorflow/include/xla/service/hlo.h',
    'nvidia/cudnn/include/cudnn.h',
    'nvidia/__init__.py',
    'tensorflow_cpu-2.21.0.dist-info/RECORD',
  ])('leaves out %s', path => {
    expect(keepsFile(path)).toBe(false);
  });
});
