import { createRequire } from 'node:module';

/**
 * Keeps what a native library prints while it is loaded away from the terminal.
 *
 * TensorFlow logs through Abseil from its static initialisers ("WARNING: All log messages before
 * absl::InitializeLog()...", "oneDNN custom operations are on"), before it has read TF_CPP_MIN_LOG_LEVEL, so no
 * variable silences that. File descriptor 2 is put on /dev/null for the 0.4 s of the load; the two calls take 0.03 ms.
 */
export const stderrSwitchSource = `#include <fcntl.h>
#include <node_api.h>
#include <stdio.h>
#include <unistd.h>

static int saved = -1;

static napi_value Mute(napi_env, napi_callback_info) {
  if (saved >= 0) return nullptr;
  int sink = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (sink < 0) return nullptr;
  fflush(stderr);
  saved = fcntl(2, F_DUPFD_CLOEXEC, 3);
  if (saved >= 0) dup2(sink, 2);
  close(sink);
  return nullptr;
}

static napi_value Unmute(napi_env, napi_callback_info) {
  if (saved < 0) return nullptr;
  fflush(stderr);
  dup2(saved, 2);
  close(saved);
  saved = -1;
  return nullptr;
}

NAPI_MODULE_INIT() {
  napi_value function;
  napi_create_function(env, "mute", NAPI_AUTO_LENGTH, Mute, nullptr, &function);
  napi_set_named_property(env, exports, "mute", function);
  napi_create_function(env, "unmute", NAPI_AUTO_LENGTH, Unmute, nullptr, &function);
  napi_set_named_property(env, exports, "unmute", function);
  return exports;
}
`;

/**
 * Run `load` with stderr muted by the compiled switch at `switchPath`. PANX_NATIVE_LOG=1 leaves it
 * open, for who wants to read what the library has to say.
 */
export function withStderrMuted<T>(switchPath: string, load: () => T): T {
  if (process.env.PANX_NATIVE_LOG) return load();
  const stderrSwitch = createRequire(import.meta.url)(switchPath) as { mute(): void; unmute(): void };
  stderrSwitch.mute();
  try {
    return load();
  } finally {
    stderrSwitch.unmute();
  }
}
