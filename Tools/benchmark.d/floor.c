// floor EXCHANGES DIRECTORY: the least that a durable, compressed, searchable journal costs: raw LMDB and zstd, one record per exchange, three
// hashed keys, default synchronous commits of 256. It checks nothing, seals nothing and knows no other process.
// floor commits DIRECTORY: what a commit of one small row costs, the least that one who waits for each entry waits.
#define _GNU_SOURCE
#include <lmdb.h>

#include "exchanges.h"

// A record: this, then the frames of request and response.
typedef struct {
  uint64_t observedAt;
  uint32_t latency, requestFrame, responseFrame;
  uint16_t status, direction, operation, reserved;
} Record;

typedef struct { uint64_t hash, position; } Term;

static MDB_env *environment;
static MDB_dbi entries, indexes[KEYS];
static Codec *codec;
static char buffer[2][MESSAGE_LIMIT];

static void lmdb(int code) { CHECK(code == 0, mdb_strerror(code)); }
static MDB_val value(const void *bytes, size_t count) { return (MDB_val){count, (void *)bytes}; }

static uint64_t hash(const char *bytes, size_t count) {
  uint64_t h = 0xCBF29CE484222325u;
  for (size_t i = 0; i < count; i++) h = (h ^ (unsigned char)bytes[i]) * 0x100000001B3u;
  return h ^ h >> 32;
}

static int byHash(const void *a, const void *b) {
  const Term *x = a, *y = b;
  return x->hash != y->hash ? (x->hash > y->hash) - (x->hash < y->hash) : (x->position > y->position) - (x->position < y->position);
}

static void openEnvironment(const char *directory) {
  lmdb(mdb_env_create(&environment));
  lmdb(mdb_env_set_mapsize(environment, (size_t)64 << 30));
  lmdb(mdb_env_set_maxdbs(environment, 8));
  lmdb(mdb_env_open(environment, directory, MDB_NORDAHEAD, 0600));
  MDB_txn *t;
  lmdb(mdb_txn_begin(environment, NULL, 0, &t));
  lmdb(mdb_dbi_open(t, "entries", MDB_CREATE | MDB_INTEGERKEY, &entries));
  const char *names[KEYS] = {"transaction", "session", "evse"};
  for (int k = 0; k < KEYS; k++)
    lmdb(mdb_dbi_open(t, names[k], MDB_CREATE | MDB_INTEGERKEY | MDB_DUPSORT | MDB_DUPFIXED | MDB_INTEGERDUP, &indexes[k]));
  lmdb(mdb_txn_commit(t));
}

static void keepDictionary(void) {
  MDB_txn *t;
  MDB_dbi kept;
  lmdb(mdb_txn_begin(environment, NULL, 0, &t));
  lmdb(mdb_dbi_open(t, "dictionary", MDB_CREATE | MDB_INTEGERKEY, &kept));
  uint64_t zero = 0;
  MDB_val k = value(&zero, 8), v = value(codec->dictionary, codec->dictionaryBytes);
  lmdb(mdb_put(t, kept, &k, &v, 0));
  lmdb(mdb_txn_commit(t));
}

static void putRecord(MDB_txn *t, const Exchange *e, uint64_t position) {
  Parts p = parts(e);
  Record r = {e->observedAt, e->latency, 0, 0, e->status, e->direction, e->operation, 0};
  char *at = buffer[0] + sizeof r;
  r.requestFrame = compress(codec, at, sizeof buffer[0] / 2, p.request, e->requestBytes);
  r.responseFrame = compress(codec, at + r.requestFrame, sizeof buffer[0] / 2 - sizeof r, p.response, e->responseBytes);
  memcpy(buffer[0], &r, sizeof r);
  MDB_val k = value(&position, 8), v = value(buffer[0], sizeof r + r.requestFrame + r.responseFrame);
  lmdb(mdb_put(t, entries, &k, &v, MDB_APPEND));
}

static void writeAll(Input input) {
  static Term terms[KEYS][BATCH];
  for (size_t first = 0; first < input.count; first += BATCH) {
    size_t last = first + BATCH < input.count ? first + BATCH : input.count, counts[KEYS] = {0};
    MDB_txn *t;
    lmdb(mdb_txn_begin(environment, NULL, 0, &t));
    for (size_t i = first; i < last; i++) {
      const Exchange *e = input.at[i];
      Parts p = parts(e);
      putRecord(t, e, i);
      for (int k = 0; k < KEYS; k++)
        if (e->keyBytes[k]) terms[k][counts[k]++] = (Term){hash(p.key[k], e->keyBytes[k]), i};
    }
    for (int k = 0; k < KEYS; k++) {
      // Sorted, a batch touches each page of an index once.
      qsort(terms[k], counts[k], sizeof(Term), byHash);
      for (size_t i = 0; i < counts[k]; i++) {
        MDB_val key = value(&terms[k][i].hash, 8), v = value(&terms[k][i].position, 8);
        lmdb(mdb_put(t, indexes[k], &key, &v, 0));
      }
    }
    lmdb(mdb_txn_commit(t));
  }
}

// Both bodies of a record, decompressed; returns the number of messages.
static int readRecord(MDB_val v, size_t *requestBytes) {
  Record r;
  memcpy(&r, v.mv_data, sizeof r);
  const char *frames = (const char *)v.mv_data + sizeof r;
  *requestBytes = decompress(codec, buffer[0], frames, r.requestFrame);
  decompress(codec, buffer[1], frames + r.requestFrame, r.responseFrame);
  return 1 + (r.responseFrame > 0);
}

static int find(MDB_txn *t, MDB_cursor *cursor, const Exchange *e) {
  Parts p = parts(e);
  uint64_t h = hash(p.key[TRANSACTION], e->keyBytes[TRANSACTION]);
  MDB_val k = value(&h, 8), position, v;
  int code = mdb_cursor_get(cursor, &k, &position, MDB_SET), found = 0;
  for (; code == 0; code = mdb_cursor_get(cursor, &k, &position, MDB_NEXT_DUP)) {
    size_t count;
    lmdb(mdb_get(t, entries, &position, &v));
    readRecord(v, &count);
    // A hash is only a hint: the id is looked for in what was found.
    found += memmem(buffer[0], count, p.key[TRANSACTION], e->keyBytes[TRANSACTION]) != NULL;
  }
  return found;
}

static void lookUp(Input input) {
  static double times[LOOKUPS];
  uint64_t state = 1;
  MDB_txn *t;
  MDB_cursor *cursor;
  lmdb(mdb_txn_begin(environment, NULL, MDB_RDONLY, &t));
  lmdb(mdb_cursor_open(t, indexes[TRANSACTION], &cursor));
  for (size_t i = 0; i < LOOKUPS; i++) {
    const Exchange *e = nextLookup(input, &state);
    double begun = seconds();
    mdb_txn_reset(t);
    lmdb(mdb_txn_renew(t));
    lmdb(mdb_cursor_renew(t, cursor));
    int found = find(t, cursor, e);
    times[i] = seconds() - begun;
    CHECK(found > 0, "an exchange was not found");
  }
  mdb_cursor_close(cursor);
  mdb_txn_abort(t);
  latencyFigures("hot", times, LOOKUPS);
}

static void replay(void) {
  MDB_txn *t;
  MDB_cursor *cursor;
  MDB_val k, v;
  size_t ignored, count = 0;
  double begun = seconds();
  lmdb(mdb_txn_begin(environment, NULL, MDB_RDONLY, &t));
  lmdb(mdb_cursor_open(t, entries, &cursor));
  while (mdb_cursor_get(cursor, &k, &v, MDB_NEXT) == 0) count += readRecord(v, &ignored);
  mdb_cursor_close(cursor);
  mdb_txn_abort(t);
  figure("hotReplayPerSecond", count / (seconds() - begun));
}

// Rows as long as what the journal stores of an entry.
static void commitEach(void) {
  const size_t count = 16000;
  char row[100] = {0};
  double begun = seconds();
  for (uint64_t i = 0; i < count; i++) {
    MDB_txn *t;
    lmdb(mdb_txn_begin(environment, NULL, 0, &t));
    MDB_val k = value(&i, sizeof i), v = value(row, sizeof row);
    lmdb(mdb_put(t, entries, &k, &v, MDB_APPEND));
    lmdb(mdb_txn_commit(t));
  }
  beginFigures("floor", 0);
  figure("appendPerSecond", count / (seconds() - begun));
  endFigures();
}

static void measure(Input input) {
  beginFigures("floor", input.count);
  double begun = seconds();
  codec = makeCodec(input);
  keepDictionary();
  writeAll(input);
  figure("recordPerSecond", input.count / (seconds() - begun));
  lookUp(input);
  replay();
  sizeFigures("hot", ".", input.count);
  endFigures();
}

int main(int argc, char **argv) {
  CHECK(argc == 3, "usage: floor EXCHANGES|commits DIRECTORY");
  int onlyCommits = strcmp(argv[1], "commits") == 0;
  Input input = onlyCommits ? (Input){NULL, 0} : readInput(argv[1]);
  CHECK(chdir(argv[2]) == 0, argv[2]);
  openEnvironment(".");
  if (onlyCommits) commitEach();
  else measure(input);
  mdb_env_close(environment);
}
