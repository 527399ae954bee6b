// A CUDA driver without a GPU: the entry points that ILGPU 1.5.3 calls. Device memory is ordinary memory, streams run at once, and a launch calls whoever registered
// with stub_on_launch, or nobody. The environment says what the device is: STUB_DEVICES (default 1), STUB_CAPABILITY (default 75), STUB_REFUSES (a text that no module may contain).
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUCCESS = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, INVALID_PTX = 218, MAX_BLOCKS = 1 << 16 };

typedef unsigned long long address;
typedef struct { address start; size_t bytes; } block;
typedef struct { char *ptx; } module;
typedef void (*launch_handler)(const char *ptx, const unsigned *grid, unsigned threads, void **parameters);

static block blocks[MAX_BLOCKS];
static int block_count;
static launch_handler on_launch;

enum { LAUNCHES, COPIES, DEVICE_ALLOCATIONS, HOST_ALLOCATIONS, MODULES, STREAMS, SYNCHRONIZATIONS, KINDS };
static long long calls[KINDS];

static int setting(const char *name, int otherwise) {
    const char *text = getenv(name);
    return text ? atoi(text) : otherwise;
}

// For the tests.
long long stub_calls(int kind) { return calls[kind]; }
void stub_on_launch(launch_handler handler) { on_launch = handler; }

// The block of device memory that holds an address: its start and size, or 0.
int stub_find(address at, address *start, size_t *bytes) {
    for (int i = 0; i < block_count; i++) {
        if (at >= blocks[i].start && at < blocks[i].start + blocks[i].bytes) {
            *start = blocks[i].start;
            *bytes = blocks[i].bytes;
            return 1;
        }
    }
    return 0;
}

// Device.
int cuInit(unsigned flags) { return SUCCESS; }
int cuDriverGetVersion(int *version) { *version = 12020; return SUCCESS; }
int cuDeviceGetCount(int *count) { *count = setting("STUB_DEVICES", 1); return SUCCESS; }
int cuDeviceGet(int *device, int ordinal) { *device = ordinal; return SUCCESS; }
int cuDeviceGetName(char *name, int length, int device) { snprintf(name, (size_t)length, "Stub %d", device); return SUCCESS; }
int cuDeviceTotalMem_v2(size_t *bytes, int device) { *bytes = (size_t)1 << 34; return SUCCESS; }
int cuMemGetInfo_v2(size_t *available, size_t *total) { *available = *total = (size_t)1 << 34; return SUCCESS; }

// Numbers of CUdevice_attribute; the values are a T4's.
int cuDeviceGetAttribute(int *value, int attribute, int device) {
    int capability = setting("STUB_CAPABILITY", 75);
    switch (attribute) {
    case 1: case 2: case 3: case 39: *value = 1024; break;   // threads per block, block dimensions X and Y, threads per multiprocessor
    case 4: *value = 64; break;                              // block dimension Z
    case 5: *value = 2147483647; break;                      // grid dimension X
    case 6: case 7: case 9: case 12: *value = 65535; break;  // grid dimensions Y and Z, constant memory, registers
    case 8: *value = 49152; break;                           // shared memory per block
    case 10: *value = 32; break;                             // warp size
    case 13: *value = 1590000; break;                        // clock
    case 16: *value = 40; break;                             // multiprocessors
    case 36: *value = 5001000; break;                        // memory clock
    case 37: *value = 256; break;                            // memory bus
    case 38: *value = 4194304; break;                        // L2
    case 75: *value = capability / 10; break;
    case 76: *value = capability % 10; break;
    default: *value = 0; break;
    }
    return SUCCESS;
}

int cuGetErrorString(int error, const char **text) { *text = "stub"; return SUCCESS; }
int cuDeviceCanAccessPeer(int *can, int a, int b) { *can = 0; return SUCCESS; }
int cuDeviceGetP2PAttribute(int *value, int attribute, int a, int b) { *value = 0; return SUCCESS; }

// Context.
int cuCtxCreate_v2(void **context, unsigned flags, int device) { *context = malloc(1); return SUCCESS; }
int cuCtxDestroy_v2(void *context) { free(context); return SUCCESS; }
int cuCtxSetCurrent(void *context) { return SUCCESS; }
int cuCtxSynchronize(void) { return SUCCESS; }
int cuCtxGetCacheConfig(int *config) { *config = 0; return SUCCESS; }
int cuCtxSetCacheConfig(int config) { return SUCCESS; }
int cuCtxGetSharedMemConfig(int *config) { *config = 0; return SUCCESS; }
int cuCtxSetSharedMemConfig(int config) { return SUCCESS; }
int cuCtxEnablePeerAccess(void *context, unsigned flags) { return SUCCESS; }
int cuCtxDisablePeerAccess(void *context) { return SUCCESS; }

// Memory. Fresh device memory is full of noise, as it may be on a device.
int cuMemAlloc_v2(address *at, size_t bytes) {
    if (block_count == MAX_BLOCKS) return OUT_OF_MEMORY;
    void *memory = aligned_alloc(256, (bytes + 255) / 256 * 256);
    if (!memory) return OUT_OF_MEMORY;
    memset(memory, 0xA5, bytes);
    blocks[block_count++] = (block){ (address)memory, bytes };
    *at = (address)memory;
    calls[DEVICE_ALLOCATIONS]++;
    return SUCCESS;
}

int cuMemFree_v2(address at) {
    for (int i = 0; i < block_count; i++) {
        if (blocks[i].start == at) {
            blocks[i] = blocks[--block_count];
            free((void *)at);
            return SUCCESS;
        }
    }
    return INVALID_VALUE;
}

int cuMemAllocHost_v2(void **at, size_t bytes) { *at = aligned_alloc(4096, (bytes + 4095) / 4096 * 4096); calls[HOST_ALLOCATIONS]++; return *at ? SUCCESS : OUT_OF_MEMORY; }
int cuMemFreeHost(void *at) { free(at); return SUCCESS; }
int cuMemHostRegister_v2(void *at, size_t bytes, unsigned flags) { return SUCCESS; }
int cuMemHostUnregister(void *at) { return SUCCESS; }
int cuMemHostGetDevicePointer_v2(address *device, void *host, unsigned flags) { *device = (address)host; return SUCCESS; }
int cuPointerGetAttribute(void *value, int attribute, address at) { return INVALID_VALUE; }
int cuMemcpyAsync(address to, address from, size_t bytes, void *stream) { memcpy((void *)to, (void *)from, bytes); calls[COPIES]++; return SUCCESS; }
int cuMemsetD8Async(address at, unsigned char value, size_t bytes, void *stream) { memset((void *)at, value, bytes); return SUCCESS; }

// Streams and events.
int cuStreamCreate(void **stream, unsigned flags) { *stream = malloc(1); calls[STREAMS]++; return SUCCESS; }
int cuStreamCreateWithPriority(void **stream, unsigned flags, int priority) { return cuStreamCreate(stream, flags); }
int cuStreamDestroy_v2(void *stream) { free(stream); return SUCCESS; }
int cuStreamSynchronize(void *stream) { calls[SYNCHRONIZATIONS]++; return SUCCESS; }
int cuEventCreate(void **event, unsigned flags) { *event = malloc(1); return SUCCESS; }
int cuEventDestroy_v2(void *event) { free(event); return SUCCESS; }
int cuEventRecord(void *event, void *stream) { return SUCCESS; }
int cuEventQuery(void *event) { return SUCCESS; }
int cuEventSynchronize(void *event) { return SUCCESS; }
int cuEventElapsedTime(float *milliseconds, void *start, void *stop) { *milliseconds = 0; return SUCCESS; }

// Modules: a module is its text, and so is the function in it.
int cuModuleLoadDataEx(module **loaded, const char *ptx, unsigned count, int *options, void **values) {
    const char *refused = getenv("STUB_REFUSES");
    if (refused && strstr(ptx, refused)) return INVALID_PTX;
    *loaded = malloc(sizeof(module));
    (*loaded)->ptx = strdup(ptx);
    calls[MODULES]++;
    return SUCCESS;
}

int cuModuleLoadData(module **loaded, const char *ptx) { return cuModuleLoadDataEx(loaded, ptx, 0, NULL, NULL); }
int cuModuleUnload(module *loaded) { free(loaded->ptx); free(loaded); return SUCCESS; }
int cuModuleGetFunction(module **function, module *loaded, const char *name) { *function = loaded; return strstr(loaded->ptx, name) ? SUCCESS : INVALID_VALUE; }
int cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, void *function, int threads, size_t bytes) { *blocks = 8; return SUCCESS; }

int cuLaunchKernel(module *function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared, void *stream, void **parameters, void **extra) {
    calls[LAUNCHES]++;
    if (on_launch) on_launch(function->ptx, (unsigned[]){ gx, gy, gz }, bx * by * bz, parameters);
    return SUCCESS;
}
