/* libcuda.so.1 of a machine that does not exist: device memory is the host's, work is done when its
   stream is waited for, each thread has a stack of contexts. Whatever CUDA forbids ends in an error:
   a call without a current context of device 0, a free of what is not held. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OK = 0, INVALID = 1, NO_MEMORY = 2, NO_CONTEXT = 201, NOT_FOUND = 500 };
typedef struct { void *to, *from; size_t n; void *event; } Work;
typedef struct { Work work[64]; int count; } List;
typedef struct { List pending, captured; int capturing; } Stream;

static __thread void *stack[16];
static __thread int depth;
static int retained, held, clock_us;
static char contexts[2];
#define CURRENT if (!depth || stack[depth - 1] != &contexts[0]) return NO_CONTEXT

int cuInit(unsigned flags) { return OK; }
int cuDriverGetVersion(int *v) { *v = 12060; return OK; }
int cuDeviceGetCount(int *n) { *n = 2; return OK; }
int cuDeviceGet(int *device, int i) { *device = i; return OK; }
int cuDeviceGetName(char *name, int n, int device) { snprintf(name, n, "Imagined Orin"); return OK; }
int cuDeviceGetAttribute(int *value, int what, int device) {
    *value = what == 75 ? 8 : what == 76 ? 7 : what == 16 ? 14 : -1;
    return OK;
}
int cuDevicePrimaryCtxRetain(void **c, int device) { retained++; *c = &contexts[device]; return OK; }
int cuDevicePrimaryCtxRelease_v2(int device) { retained--; return OK; }
int cuCtxPushCurrent_v2(void *c) { stack[depth++] = c; return OK; }
int cuCtxPopCurrent_v2(void **c) {
    if (!depth) return NO_CONTEXT;
    void *top = stack[--depth];
    if (c) *c = top;
    return OK;
}
int cuCtxGetCurrent(void **c) { *c = depth ? stack[depth - 1] : NULL; return OK; }
int cuMemAlloc_v2(void **p, size_t n) {
    CURRENT;
    if (n > (size_t)1 << 40) return NO_MEMORY;
    held++;
    return (*p = malloc(n)) ? OK : NO_MEMORY;
}
int cuMemFree_v2(void *p) { CURRENT; held--; free(p); return OK; }
int cuMemHostAlloc(void **p, size_t n, unsigned flags) { return cuMemAlloc_v2(p, n); }
int cuMemFreeHost(void *p) { return cuMemFree_v2(p); }
int cuStreamCreate(void **s, unsigned flags) {
    CURRENT;
    held += flags == 1;
    *s = calloc(1, sizeof(Stream));
    return OK;
}
int cuStreamDestroy_v2(void *s) { CURRENT; held--; free(s); return OK; }
static int enqueue(Stream *s, Work work) {
    CURRENT;
    List *list = s->capturing ? &s->captured : &s->pending;
    list->work[list->count++] = work;
    return OK;
}
int cuMemcpyHtoDAsync_v2(void *to, void *from, size_t n, Stream *s) {
    return enqueue(s, (Work){to, from, n, NULL});
}
int cuMemcpyDtoHAsync_v2(void *to, void *from, size_t n, Stream *s) {
    return enqueue(s, (Work){to, from, n, NULL});
}
int cuEventCreate(void **e, unsigned flags) { CURRENT; held++; *e = calloc(1, 4); return OK; }
int cuEventDestroy_v2(void *e) { CURRENT; held--; free(e); return OK; }
int cuEventRecord(void *e, Stream *s) { return enqueue(s, (Work){NULL, NULL, 0, e}); }
int cuEventElapsedTime(float *ms, int *a, int *b) { *ms = (*b - *a) / 1e3f; return OK; }
int cuEventElapsedTime_v2(float *ms, int *a, int *b) { return cuEventElapsedTime(ms, a, b); }
int cuStreamSynchronize(Stream *s) {
    CURRENT;
    for (int i = 0; i < s->pending.count; i++) { /* a byte takes a microsecond */
        Work w = s->pending.work[i];
        if (w.event) *(int *)w.event = clock_us;
        else memcpy(w.to, w.from, w.n), clock_us += w.n;
    }
    s->pending.count = 0;
    return OK;
}
int cuStreamBeginCapture_v2(Stream *s, int mode) {
    CURRENT;
    s->capturing = 1;
    s->captured.count = 0;
    return mode == 1 ? OK : INVALID;
}
int cuStreamEndCapture(Stream *s, void **graph) {
    CURRENT;
    s->capturing = 0;
    held++;
    *graph = memcpy(malloc(sizeof(List)), &s->captured, sizeof(List));
    return OK;
}
int cuGraphInstantiateWithFlags(void **exec, void *graph, unsigned long long flags) {
    held++;
    *exec = memcpy(malloc(sizeof(List)), graph, sizeof(List));
    return OK;
}
int cuGraphDestroy(void *g) { held--; free(g); return OK; }
int cuGraphExecDestroy(void *g) { held--; free(g); return OK; }
int cuGraphLaunch(List *g, Stream *s) {
    for (int i = 0; i < g->count; i++) enqueue(s, g->work[i]);
    return OK;
}
int cuGetErrorString(int code, const char **text) {
    *text = code == NO_MEMORY ? "out of memory" : code == NO_CONTEXT ? "invalid device context" : "?";
    return OK;
}
int imagined_state(int *contexts_retained) { *contexts_retained = retained; return held; }

int cuGetProcAddress_v2(const char *name, void **f, int version, uint64_t flags, int *status) {
    char versioned[128];
    snprintf(versioned, sizeof versioned, "%s_v2", name);
    if (!strcmp(name, "cuGetProcAddress")) *f = cuGetProcAddress_v2;
    else if (!strcmp(name, "cuGraphInstantiate")) *f = cuGraphInstantiateWithFlags;
    else if (!(*f = dlsym(RTLD_DEFAULT, versioned))) *f = dlsym(RTLD_DEFAULT, name);
    if (status) *status = *f ? 0 : 1;
    return *f ? OK : NOT_FOUND;
}
int cuGetProcAddress(const char *name, void **f, int version, uint64_t flags) {
    return cuGetProcAddress_v2(name, f, version, flags, NULL);
}
