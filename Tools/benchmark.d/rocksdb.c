// rocksdb EXCHANGES DIRECTORY: RocksDB with the same keys: records and keys in one tree, blocks of 16 KB compressed by zstd with a dictionary
// for each file, write-ahead log synced every 256 exchanges. Measured as written (hot) and again when all is compacted (sealed).
#define _GNU_SOURCE
#include <rocksdb/c.h>

#include "exchanges.h"

static rocksdb_t *database;
static rocksdb_readoptions_t *reading;
static char buffer[MESSAGE_LIMIT];

static void check(char *error) { CHECK(error == NULL, error); }

static void openDatabase(void) {
  char *error = NULL;
  rocksdb_options_t *options = rocksdb_options_create();
  rocksdb_block_based_table_options_t *table = rocksdb_block_based_options_create();
  rocksdb_block_based_options_set_block_size(table, 16 << 10);
  rocksdb_block_based_options_set_filter_policy(table, rocksdb_filterpolicy_create_bloom(10));
  rocksdb_block_based_options_set_block_cache(table, rocksdb_cache_create_lru(256 << 20));
  rocksdb_options_set_block_based_table_factory(options, table);
  rocksdb_options_set_create_if_missing(options, 1);
  rocksdb_options_increase_parallelism(options, 2);
  rocksdb_options_set_compression(options, rocksdb_zstd_compression);
  rocksdb_options_set_compression_options(options, -14, LEVEL, 0, DICTIONARY_BYTES);
  rocksdb_options_set_compression_options_zstd_max_train_bytes(options, DICTIONARY_BYTES * 100);
  database = rocksdb_open(options, ".", &error);
  check(error);
  reading = rocksdb_readoptions_create();
}

static void putBigEndian(char *out, uint64_t n) {
  for (int i = 0; i < 8; i++) out[i] = n >> (56 - 8 * i);
}

// A record: the fixed fields, then request and response; behind R and its position. A key: K, its number, its text and the position.
static void putExchange(rocksdb_writebatch_t *batch, const Exchange *e, uint64_t position) {
  Parts p = parts(e);
  char key[65536 + 16] = {'R'};
  putBigEndian(key + 1, position);
  const char *record[] = {(const char *)e, p.request, p.response}, *keys[] = {key};
  const size_t sizes[] = {sizeof *e, e->requestBytes, e->responseBytes}, keySizes[] = {9};
  rocksdb_writebatch_putv(batch, 1, keys, keySizes, 3, record, sizes);
  for (int k = 0; k < KEYS; k++) {
    if (!e->keyBytes[k]) continue;
    key[0] = 'K', key[1] = k;
    memcpy(key + 2, p.key[k], e->keyBytes[k]);
    putBigEndian(key + 2 + e->keyBytes[k], position);
    rocksdb_writebatch_put(batch, key, e->keyBytes[k] + 10, "", 0);
  }
}

static void writeAll(Input input) {
  char *error = NULL;
  rocksdb_writeoptions_t *synced = rocksdb_writeoptions_create();
  rocksdb_writeoptions_set_sync(synced, 1);
  rocksdb_writebatch_t *batch = rocksdb_writebatch_create();
  for (size_t i = 0; i < input.count; i++) {
    putExchange(batch, input.at[i], i);
    if ((i + 1) % BATCH != 0 && i + 1 != input.count) continue;
    rocksdb_write(database, synced, batch, &error);
    check(error);
    rocksdb_writebatch_clear(batch);
  }
}

static void settle(void) {
  char *error = NULL;
  rocksdb_flushoptions_t *waiting = rocksdb_flushoptions_create();
  rocksdb_flushoptions_set_wait(waiting, 1);
  rocksdb_flush(database, waiting, &error);
  check(error);
  rocksdb_compact_range(database, NULL, 0, NULL, 0);
}

// The bodies copied out, as one who looks for them needs them; returns the number of messages.
static int readRecord(const char *record) {
  Exchange e;
  memcpy(&e, record, sizeof e);
  memcpy(buffer, record + sizeof e, e.requestBytes + (size_t)e.responseBytes);
  return 1 + (e.responseBytes > 0);
}

static int find(rocksdb_iterator_t *at, const Exchange *e) {
  char prefix[65536 + 2] = {'K', TRANSACTION}, key[9] = {'R'}, *error = NULL;
  size_t prefixBytes = e->keyBytes[TRANSACTION] + 2, count;
  memcpy(prefix + 2, parts(e).key[TRANSACTION], e->keyBytes[TRANSACTION]);
  int found = 0;
  for (rocksdb_iter_seek(at, prefix, prefixBytes); rocksdb_iter_valid(at); rocksdb_iter_next(at)) {
    const char *k = rocksdb_iter_key(at, &count);
    if (count != prefixBytes + 8 || memcmp(k, prefix, prefixBytes)) break;
    memcpy(key + 1, k + prefixBytes, 8);
    rocksdb_pinnableslice_t *value = rocksdb_get_pinned(database, reading, key, sizeof key, &error);
    check(error);
    CHECK(value, "a record is missing");
    found += readRecord(rocksdb_pinnableslice_value(value, &count));
    rocksdb_pinnableslice_destroy(value);
  }
  return found;
}

static void lookUp(Input input, const char *when) {
  static double times[LOOKUPS];
  uint64_t state = 1;
  rocksdb_iterator_t *at = rocksdb_create_iterator(database, reading);
  for (size_t i = 0; i < LOOKUPS; i++) {
    const Exchange *e = nextLookup(input, &state);
    double begun = seconds();
    int found = find(at, e);
    times[i] = seconds() - begun;
    CHECK(found > 0, "an exchange was not found");
  }
  rocksdb_iter_destroy(at);
  latencyFigures(when, times, LOOKUPS);
}

static void replay(const char *name) {
  size_t messages = 0, count;
  rocksdb_iterator_t *at = rocksdb_create_iterator(database, reading);
  double begun = seconds();
  for (rocksdb_iter_seek(at, "R", 1); rocksdb_iter_valid(at); rocksdb_iter_next(at)) messages += readRecord(rocksdb_iter_value(at, &count));
  figure(name, messages / (seconds() - begun));
  rocksdb_iter_destroy(at);
}

int main(int argc, char **argv) {
  CHECK(argc == 3, "usage: rocksdb EXCHANGES DIRECTORY");
  Input input = readInput(argv[1]);
  CHECK(chdir(argv[2]) == 0, argv[2]);
  beginFigures("rocksdb", input.count);
  openDatabase();
  double begun = seconds();
  writeAll(input);
  figure("recordPerSecond", input.count / (seconds() - begun));
  sizeFigures("hot", ".", input.count);
  // What follows until it is settled counts, what is measured in between does not.
  double paused = seconds();
  lookUp(input, "hot");
  replay("hotReplayPerSecond");
  paused = seconds() - paused;
  settle();
  figure("sustainedPerSecond", input.count / (seconds() - begun - paused));
  lookUp(input, "sealed");
  replay("sealedReplayPerSecond");
  rocksdb_close(database);
  sizeFigures("sealed", ".", input.count);
  endFigures();
}
