// What the programs of the benchmark share: exchanges whose fields were extracted beforehand (by prepare.c), a dictionary trained from the
// first of them, a clock and percentiles. The input is mapped, so that reading it costs the same for all.
#ifndef EXCHANGES_H
#define EXCHANGES_H
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zdict.h>
#include <zstd.h>

enum { TRANSACTION, SESSION, EVSE, KEYS };
enum { BATCH = 256, LEVEL = 3, DICTIONARY_BYTES = 64 << 10, TRAINING_MESSAGES = 2000, LOOKUPS = 20000, MESSAGE_LIMIT = 4 << 20 };

// One exchange in the prepared file: this, then the keys, the request and the response, padded to 8 bytes. A length of 0 is an absent field.
typedef struct {
  uint64_t observedAt;
  uint32_t requestBytes, responseBytes, latency;
  uint16_t status, direction, operation, keyBytes[KEYS];
} Exchange;

typedef struct {
  const char *key[KEYS], *request, *response;
} Parts;

static size_t exchangeBytes(const Exchange *e) {
  size_t n = sizeof *e + e->requestBytes + e->responseBytes;
  for (int k = 0; k < KEYS; k++) n += e->keyBytes[k];
  return (n + 7) & ~(size_t)7;
}

static inline Parts parts(const Exchange *e) {
  Parts p;
  const char *at = (const char *)(e + 1);
  for (int k = 0; k < KEYS; k++) p.key[k] = at, at += e->keyBytes[k];
  p.request = at, p.response = at + e->requestBytes;
  return p;
}

#define CHECK(condition, what) \
  do { if (!(condition)) { fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, what); exit(74); } } while (0)

typedef struct {
  const Exchange **at;
  size_t count;
} Input;

static inline Input readInput(const char *path) {
  int file = open(path, O_RDONLY);
  struct stat status;
  CHECK(file >= 0 && fstat(file, &status) == 0, path);
  const char *base = mmap(NULL, status.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
  CHECK(base != MAP_FAILED, path);
  Input input = {NULL, 0};
  size_t room = 0;
  for (const char *at = base; at < base + status.st_size; at += exchangeBytes((const Exchange *)at)) {
    if (input.count == room) input.at = realloc(input.at, (room = room ? room * 2 : 1 << 16) * sizeof *input.at);
    input.at[input.count++] = (const Exchange *)at;
  }
  CHECK(input.count > 0, "no exchanges");
  return input;
}

static inline double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

// Compression with one dictionary, trained from the first messages; it has to be kept beside what it compressed.
typedef struct {
  ZSTD_CCtx *compressor;
  ZSTD_DCtx *decompressor;
  char dictionary[DICTIONARY_BYTES];
  size_t dictionaryBytes;
} Codec;

static inline void trainDictionary(Codec *c, Input input) {
  size_t sizes[TRAINING_MESSAGES], count = 0, total = 0, room = 0;
  char *samples = NULL;
  for (size_t i = 0; i < input.count && count + 2 <= TRAINING_MESSAGES; i++) {
    const Exchange *e = input.at[i];
    size_t both = e->requestBytes + (size_t)e->responseBytes;
    if (total + both > room) samples = realloc(samples, room = (room + both) * 2);
    memcpy(samples + total, parts(e).request, both);
    total += both;
    sizes[count++] = e->requestBytes;
    if (e->responseBytes) sizes[count++] = e->responseBytes;
  }
  c->dictionaryBytes = ZDICT_trainFromBuffer(c->dictionary, DICTIONARY_BYTES, samples, sizes, count);
  CHECK(!ZDICT_isError(c->dictionaryBytes), "the dictionary cannot be trained");
  free(samples);
}

static inline Codec *makeCodec(Input input) {
  Codec *c = calloc(1, sizeof *c);
  trainDictionary(c, input);
  c->compressor = ZSTD_createCCtx(), c->decompressor = ZSTD_createDCtx();
  ZSTD_CCtx_refCDict(c->compressor, ZSTD_createCDict(c->dictionary, c->dictionaryBytes, LEVEL));
  ZSTD_DCtx_refDDict(c->decompressor, ZSTD_createDDict(c->dictionary, c->dictionaryBytes));
  // There is one dictionary: its number would be the same four bytes in every frame.
  ZSTD_CCtx_setParameter(c->compressor, ZSTD_c_dictIDFlag, 0);
  return c;
}

// No message, no frame.
static inline size_t compress(Codec *c, char *out, size_t room, const char *bytes, size_t count) {
  if (!count) return 0;
  size_t n = ZSTD_compress2(c->compressor, out, room, bytes, count);
  CHECK(!ZSTD_isError(n), ZSTD_getErrorName(n));
  return n;
}

static inline size_t decompress(Codec *c, char *out, const char *frame, size_t count) {
  if (!count) return 0;
  size_t n = ZSTD_decompressDCtx(c->decompressor, out, MESSAGE_LIMIT, frame, count);
  CHECK(!ZSTD_isError(n), ZSTD_getErrorName(n));
  return n;
}

// A fixed sequence, so that every program looks up the same exchanges.
static inline uint64_t nextRandom(uint64_t *state) {
  uint64_t z = *state += 0x9E3779B97F4A7C15u;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
  z = (z ^ z >> 27) * 0x94D049BB133111EBu;
  return z ^ z >> 31;
}

// The next exchange to look up: one whose transactionId stands in its request.
static inline const Exchange *nextLookup(Input input, uint64_t *state) {
  for (;;) {
    const Exchange *e = input.at[nextRandom(state) % input.count];
    Parts p = parts(e);
    if (e->keyBytes[TRANSACTION] && memmem(p.request, e->requestBytes, p.key[TRANSACTION], e->keyBytes[TRANSACTION])) return e;
  }
}

static inline int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

// Figures, printed one by one as they are known: one JSON object on a line.
static inline void beginFigures(const char *name, size_t exchanges) { printf("{\"name\":\"%s\",\"exchanges\":%zu", name, exchanges); }
static inline void figure(const char *name, double value) { printf(",\"%s\":%.6g", name, value); }
static inline void endFigures(void) { printf("}\n"); }

// `when` is the figures' prefix: hot as written, sealed once all has settled.
static inline void latencyFigures(const char *when, double *times, size_t count) {
  char name[64];
  qsort(times, count, sizeof *times, ascending);
  snprintf(name, sizeof name, "%sLookupP50Microseconds", when), figure(name, times[count / 2] * 1e6);
  snprintf(name, sizeof name, "%sLookupP99Microseconds", when), figure(name, times[count * 99 / 100] * 1e6);
}

// All that stands in a directory.
static inline void sizeFigures(const char *when, const char *directory, size_t exchanges) {
  double bytes = 0, allocated = 0;
  DIR *files = opendir(directory);
  CHECK(files, directory);
  for (struct dirent *file; (file = readdir(files)) != NULL;) {
    struct stat status;
    if (fstatat(dirfd(files), file->d_name, &status, 0) != 0 || !S_ISREG(status.st_mode)) continue;
    bytes += status.st_size, allocated += status.st_blocks * 512;
  }
  closedir(files);
  char name[64];
  snprintf(name, sizeof name, "%sBytesPerExchange", when), figure(name, bytes / exchanges);
  snprintf(name, sizeof name, "%sAllocatedBytesPerExchange", when), figure(name, allocated / exchanges);
}
#endif
