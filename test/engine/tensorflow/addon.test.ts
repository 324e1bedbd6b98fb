import { describe, expect, it } from 'vitest';
import { addonFolder, compilerRuns, type Libraries } from '../../../src/engine/tensorflow/addon.js';

const libraries: Libraries = {
  include: '/cache/engine/tf/tensorflow/include',
  libraries: [
    '/cache/engine/tf/tensorflow/libtensorflow_cc.so.2',
    '/cache/engine/tf/tensorflow/libtensorflow_framework.so.2',
  ],
  relocatable: true,
  addonHome: '/cache/engine/tf',
  cudaFolders: [],
  identity: 'tf',
};
const folder = '/cache/engine/tf/addon-1';
const runsFor = (of: Libraries) =>
  compilerRuns({ libraries: of, folder, work: '/work', headers: '/napi', tfjsNode: '/tfjs' });

describe('compilerRuns', () => {
  it('compiles the stderr switch against Node-API alone', () => {
    const [stderrSwitch] = runsFor(libraries);
    expect(stderrSwitch!.join(' ')).toBe(
      '-O2 -std=c++17 -shared -fPIC -DNAPI_VERSION=8 -DBUILDING_NODE_EXTENSION -I/napi -DNODE_GYP_MODULE_NAME=stderr_switch /work/stderr_switch.cc -o /work/stderr_switch.node',
    );
  });

  it('compiles the addon against the libraries, found relative to it so that the cache may move', () => {
    const [, addon] = runsFor(libraries);
    expect(addon).toEqual(expect.arrayContaining(['/tfjs/binding/tfjs_backend.cc', '/tfjs/binding/tfjs_binding.cc']));
    expect(addon).toEqual(
      expect.arrayContaining(['-I/napi', '-I/tfjs/binding', `-I${libraries.include}`, ...libraries.libraries]),
    );
    expect(addon!.filter(arg => arg.startsWith('-Wl'))).toEqual(['-Wl,-rpath,$ORIGIN/../tensorflow']);
  });

  it('adds the folders of the CUDA packages', () => {
    const [, addon] = runsFor({
      ...libraries,
      cudaFolders: ['/cache/engine/tf/nvidia/cublas/lib', '/cache/engine/tf/nvidia/cudnn/lib'],
    });
    expect(addon!.filter(arg => arg.startsWith('-Wl'))).toEqual([
      '-Wl,-rpath,$ORIGIN/../tensorflow',
      '-Wl,-rpath,$ORIGIN/../nvidia/cublas/lib',
      '-Wl,-rpath,$ORIGIN/../nvidia/cudnn/lib',
      '-Wl,--disable-new-dtags',
    ]);
  });

  it('names the folder of an installed TensorFlow as it is', () => {
    const [, addon] = runsFor({ ...libraries, libraries: ['/opt/tf/lib/libtensorflow.so.2'], relocatable: false });
    expect(addon!.filter(arg => arg.startsWith('-Wl'))).toEqual(['-Wl,-rpath,/opt/tf/lib']);
  });
});

it('gives other libraries another addon', () => {
  expect(addonFolder(libraries)).toMatch(/^\/cache\/engine\/tf\/addon-[0-9a-f]{16}$/);
  expect(addonFolder(libraries)).toBe(addonFolder({ ...libraries }));
  expect(addonFolder({ ...libraries, identity: 'another' })).not.toBe(addonFolder(libraries));
});
