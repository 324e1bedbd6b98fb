// An empty Node-API module, so that Node.js loads this library into its process: its operations register themselves with the TensorFlow that is there already.
extern "C" __attribute__((visibility("default"))) void* napi_register_module_v1(void*, void* exports) { return exports; }
