// Runs the entries of a compiled module: driver weights.bin request response.
// The request is the fields of struct header, the caches and the steps; the
// response is logits and trace of each step, then the caches.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct memref {
  void *base, *data;
  int64_t offset, dims[8]; // sizes, then strides, densely packed for the rank
};

static struct memref array(void *p, int rank, const int64_t *sizes) {
  struct memref m = {p, p, 0, {0}};
  int64_t stride = 1;
  for (int i = rank - 1; i >= 0; i--) {
    m.dims[i] = sizes[i];
    m.dims[rank + i] = stride;
    stride *= sizes[i];
  }
  return m;
}

typedef void entry(struct memref *tokens, int64_t pos, struct memref *weights, struct memref *k, struct memref *v,
                   struct memref *logits, struct memref *trace);
extern entry _mlir_ciface_prefill __attribute__((weak));
extern entry _mlir_ciface_decode __attribute__((weak));

static void *get(FILE *f, size_t bytes) {
  void *p = aligned_alloc(64, (bytes + 127) / 64 * 64);
  if (!p || fread(p, 1, bytes, f) != bytes) {
    fprintf(stderr, "short file\n");
    exit(1);
  }
  return p;
}

struct header {
  int64_t chunk, vocab, k[4], v[4], weights, prefill_trace, decode_trace, steps;
};

static int64_t product(const int64_t *n) { return n[0] * n[1] * n[2] * n[3]; }

int main(int argc, char **argv) {
  FILE *blob = fopen(argv[1], "rb"), *in = fopen(argv[2], "rb"), *out = fopen(argv[3], "wb");
  if (argc != 4 || !blob || !in || !out) return 1;
  struct header *h = get(in, sizeof *h);
  struct memref weights = array(get(blob, h->weights), 1, &h->weights);
  struct memref k = array(get(in, 4 * product(h->k)), 4, h->k);
  struct memref v = array(get(in, 4 * product(h->v)), 4, h->v);
  for (int64_t i = 0; i < h->steps; i++) {
    int64_t *step = get(in, 16); // tokens, position
    int64_t rows = step[0], shape[2] = {rows, h->vocab};
    int prefill = rows == h->chunk;
    int64_t traced = prefill ? h->prefill_trace : h->decode_trace;
    struct memref tokens = array(get(in, 4 * rows), 1, &rows);
    struct memref logits = array(calloc(rows * h->vocab, 4), 2, shape);
    struct memref trace = array(calloc(traced + 1, 4), 1, &traced);
    (prefill ? _mlir_ciface_prefill : _mlir_ciface_decode)(&tokens, step[1], &weights, &k, &v, &logits, &trace);
    fwrite(logits.data, 4, rows * h->vocab, out);
    fwrite(trace.data, 4, traced, out);
  }
  fwrite(k.data, 4, product(h->k), out);
  fwrite(v.data, 4, product(h->v), out);
  return fclose(out);
}
