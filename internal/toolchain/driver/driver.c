// The program around a compiled module. It maps the weights, owns the KV caches
// and calls the module's entries as the parent process asks.
//
//   usage: module WEIGHTS
//
// At start it writes a greeting of 14 int64: MAGIC and the ABI it was compiled
// for. Then it answers requests until stdin ends. All numbers are in the byte
// order of the machine.
//
//   request  int64 op (0 reset, 1 prefill, 2 decode), int64 pos, int64 count,
//            count int32 tokens
//   reply    int64 nanoseconds inside the entry, int64 count,
//            count float32: logits, then the trace
//
// It checks what it is told, and ends with status 1 and a message on stderr
// when something is wrong.

#define _DEFAULT_SOURCE 1
#define _DARWIN_C_SOURCE 1

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define MAGIC INT64_C(0x6c707563746c0001)

enum { RESET, PREFILL, DECODE };

// Large enough for both entries; a module without prefill has one row.
#define ROWS (LPUCTL_CHUNK > 0 ? LPUCTL_CHUNK : 1)
#define POSITIONS LPUCTL_K3
#define K_ELEMENTS ((size_t)LPUCTL_K0 * LPUCTL_K1 * LPUCTL_K2 * LPUCTL_K3)
#define V_ELEMENTS ((size_t)LPUCTL_V0 * LPUCTL_V1 * LPUCTL_V2 * LPUCTL_V3)

// memref is MLIR's descriptor of a ranked memref: dims holds the sizes and
// then the strides, so one type serves every rank up to 4.
typedef struct {
	void *allocated, *aligned;
	int64_t offset, dims[8];
} memref;

#ifdef LPUCTL_TRACED
#define TRACE_PARAM , memref *trace
#define TRACE_ARG , &trace
#else
#define TRACE_PARAM
#define TRACE_ARG
#endif

typedef void entry(memref *tokens, int64_t pos, memref *weights, memref *kcache, memref *vcache, memref *logits TRACE_PARAM);

entry _mlir_ciface_decode;
#if LPUCTL_CHUNK > 0
entry _mlir_ciface_prefill;
#endif

typedef struct {
	void *weights, *kcache, *vcache;
	int32_t *tokens;
	float *logits, *trace;
} state;

// running is 1 inside an entry.
static volatile sig_atomic_t running;

static void die(const char *format, ...) {
	va_list args;
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

// fill reads n bytes. It returns 0 when the input ends before the first one.
static int fill(void *to, size_t n) {
	for (size_t done = 0; done < n;) {
		ssize_t got = read(STDIN_FILENO, (char *)to + done, n - done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			die("reading a request: %s", strerror(errno));
		if (got == 0 && done == 0)
			return 0;
		if (got == 0)
			die("request ends after %zu of %zu bytes", done, n);
		done += (size_t)got;
	}
	return 1;
}

static void put(const void *from, size_t n) {
	for (size_t done = 0; done < n;) {
		ssize_t sent = write(STDOUT_FILENO, (const char *)from + done, n - done);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			die("writing a reply: %s", strerror(errno));
		done += (size_t)sent;
	}
}

// zeros returns n bytes of fresh zero pages, at a given address when it is not
// NULL: there they take the place of the pages in use.
static void *zeros(void *at, size_t n) {
	int fixed = at ? MAP_FIXED : 0;
	void *p = mmap(at, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON | fixed, -1, 0);
	if (p == MAP_FAILED)
		die("%zu bytes of memory: %s", n, strerror(errno));
	return p;
}

static void *map_weights(const char *name) {
	struct stat info;
	int fd = open(name, O_RDONLY);
	if (fd < 0 || fstat(fd, &info) < 0)
		die("%s: %s", name, strerror(errno));
	if ((int64_t)info.st_size != (int64_t)LPUCTL_WEIGHTS)
		die("%s: %" PRId64 " bytes, the module wants %" PRId64, name, (int64_t)info.st_size, (int64_t)LPUCTL_WEIGHTS);
	void *p = mmap(NULL, LPUCTL_WEIGHTS, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		die("%s: mmap: %s", name, strerror(errno));
	close(fd);
	return p;
}

static memref describe(void *data, int rank, const int64_t *sizes) {
	memref m = {.allocated = data, .aligned = data};
	int64_t stride = 1;
	for (int i = rank - 1; i >= 0; i--) {
		m.dims[i] = sizes[i];
		m.dims[rank + i] = stride;
		stride *= sizes[i];
	}
	return m;
}

static int64_t nanoseconds(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

// call runs one entry on rows tokens and sends the reply. The results are NaN
// before the call, so what an entry leaves out cannot pass for a result.
static void call(state *s, entry *run, int64_t pos, int64_t rows, int64_t traced) {
	size_t count = (size_t)rows * LPUCTL_VOCAB;
	memset(s->logits, 0xff, count * sizeof(float));
	memref tokens = describe(s->tokens, 1, &rows);
	memref weights = describe(s->weights, 1, (int64_t[]){LPUCTL_WEIGHTS});
	memref kcache = describe(s->kcache, 4, (int64_t[]){LPUCTL_K0, LPUCTL_K1, LPUCTL_K2, LPUCTL_K3});
	memref vcache = describe(s->vcache, 4, (int64_t[]){LPUCTL_V0, LPUCTL_V1, LPUCTL_V2, LPUCTL_V3});
	memref logits = describe(s->logits, 2, (int64_t[]){rows, LPUCTL_VOCAB});
#ifdef LPUCTL_TRACED
	memset(s->trace, 0xff, (size_t)traced * sizeof(float));
	memref trace = describe(s->trace, 1, &traced);
#endif
	int64_t start = nanoseconds();
	running = 1;
	run(&tokens, pos, &weights, &kcache, &vcache, &logits TRACE_ARG);
	running = 0;
	int64_t reply[2] = {nanoseconds() - start, (int64_t)count + traced};
	put(reply, sizeof reply);
	put(s->logits, count * sizeof(float));
	if (traced)
		put(s->trace, (size_t)traced * sizeof(float));
}

static void reset(state *s) {
	zeros(s->kcache, K_ELEMENTS * sizeof(float));
	zeros(s->vcache, V_ELEMENTS * sizeof(float));
	put((int64_t[]){0, 0}, 2 * sizeof(int64_t));
}

static void read_tokens(state *s, int64_t pos, int64_t count, int64_t rows) {
	if (count != rows)
		die("%" PRId64 " tokens, the entry takes %" PRId64, count, rows);
	if (pos < 0 || pos > POSITIONS - rows)
		die("%" PRId64 " tokens at position %" PRId64 ": the cache holds %" PRId64 " positions", rows, pos, (int64_t)POSITIONS);
	if (!fill(s->tokens, (size_t)rows * sizeof(int32_t)))
		die("request without its tokens");
	for (int64_t i = 0; i < rows; i++)
		if (s->tokens[i] < 0 || s->tokens[i] >= LPUCTL_VOCAB)
			die("token %" PRId32 " is not in a vocabulary of %" PRId64, s->tokens[i], (int64_t)LPUCTL_VOCAB);
}

static void answer(state *s, int64_t op, int64_t pos, int64_t count) {
	switch (op) {
	case RESET:
		reset(s);
		return;
#if LPUCTL_CHUNK > 0
	case PREFILL:
		read_tokens(s, pos, count, LPUCTL_CHUNK);
		call(s, _mlir_ciface_prefill, pos, LPUCTL_CHUNK, LPUCTL_TRACE_PREFILL);
		return;
#endif
	case DECODE:
		read_tokens(s, pos, count, 1);
		call(s, _mlir_ciface_decode, pos, 1, LPUCTL_TRACE_DECODE);
		return;
	}
	die("unknown request %" PRId64, op);
}

// on_tick ends the process when the parent has closed its end of stdin while an
// entry runs. Between calls the end of input tells.
static void on_tick(int signal) {
	int saved = errno;
	struct pollfd in = {.fd = STDIN_FILENO, .events = 0};
	(void)signal;
	if (running && poll(&in, 1, 0) > 0 && (in.revents & POLLHUP))
		_exit(1);
	errno = saved;
}

static void watch_parent(void) {
	struct sigaction action;
	struct itimerval tick = {.it_interval = {.tv_usec = 500000}, .it_value = {.tv_usec = 500000}};
	memset(&action, 0, sizeof action);
	action.sa_handler = on_tick;
	action.sa_flags = SA_RESTART;
	if (sigaction(SIGALRM, &action, NULL) < 0 || setitimer(ITIMER_REAL, &tick, NULL) < 0)
		die("timer: %s", strerror(errno));
}

int main(int argc, char **argv) {
	if (argc != 2)
		die("usage: module WEIGHTS");
	setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}); // a crash is reported, not dumped
	watch_parent();
	size_t traced = LPUCTL_TRACE_PREFILL > LPUCTL_TRACE_DECODE ? LPUCTL_TRACE_PREFILL : LPUCTL_TRACE_DECODE;
	state s = {
		.weights = map_weights(argv[1]),
		.kcache = zeros(NULL, K_ELEMENTS * sizeof(float)),
		.vcache = zeros(NULL, V_ELEMENTS * sizeof(float)),
		.tokens = zeros(NULL, ROWS * sizeof(int32_t)),
		.logits = zeros(NULL, (size_t)ROWS * LPUCTL_VOCAB * sizeof(float)),
		.trace = zeros(NULL, (traced + 1) * sizeof(float)),
	};
	put((int64_t[]){MAGIC, LPUCTL_CHUNK, LPUCTL_VOCAB,
		LPUCTL_K0, LPUCTL_K1, LPUCTL_K2, LPUCTL_K3, LPUCTL_V0, LPUCTL_V1, LPUCTL_V2, LPUCTL_V3,
		LPUCTL_WEIGHTS, LPUCTL_TRACE_PREFILL, LPUCTL_TRACE_DECODE}, 14 * sizeof(int64_t));
	int64_t request[3];
	while (fill(request, sizeof request))
		answer(&s, request[0], request[1], request[2]);
	return 0;
}
