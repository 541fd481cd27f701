// sqlite EXCHANGES DIRECTORY: what most would build: one SQLite table with three indexes, write-ahead log, synchronous=FULL, bodies compressed
// with a dictionary, 256 exchanges a transaction.
#define _GNU_SOURCE
#include <sqlite3.h>

#include "exchanges.h"

static sqlite3 *database;
static Codec *codec;
static char buffer[2][MESSAGE_LIMIT];

static void run(const char *sql) { CHECK(sqlite3_exec(database, sql, NULL, NULL, NULL) == SQLITE_OK, sqlite3_errmsg(database)); }

static sqlite3_stmt *prepare(const char *sql) {
  sqlite3_stmt *s;
  CHECK(sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &s, NULL) == SQLITE_OK, sqlite3_errmsg(database));
  return s;
}

static void done(sqlite3_stmt *s) {
  CHECK(sqlite3_step(s) == SQLITE_DONE, sqlite3_errmsg(database));
  sqlite3_reset(s);
}

static void openDatabase(void) {
  CHECK(sqlite3_open("journal.sqlite", &database) == SQLITE_OK, "cannot open the database");
  run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA mmap_size=68719476736;"
      "CREATE TABLE dictionary (content BLOB NOT NULL);"
      "CREATE TABLE exchange (position INTEGER PRIMARY KEY, observedAt INTEGER NOT NULL, latency INTEGER NOT NULL, status INTEGER NOT NULL,"
      " direction INTEGER NOT NULL, operation INTEGER NOT NULL, transactionId TEXT, sessionId TEXT, evseId TEXT, request BLOB, response BLOB);"
      "CREATE INDEX byTransaction ON exchange (transactionId) WHERE transactionId IS NOT NULL;"
      "CREATE INDEX bySession ON exchange (sessionId) WHERE sessionId IS NOT NULL;"
      "CREATE INDEX byEVSE ON exchange (evseId) WHERE evseId IS NOT NULL;");
}

static void keepDictionary(void) {
  sqlite3_stmt *s = prepare("INSERT INTO dictionary VALUES (?)");
  sqlite3_bind_blob(s, 1, codec->dictionary, codec->dictionaryBytes, SQLITE_STATIC);
  done(s);
  sqlite3_finalize(s);
}

static void bindBody(sqlite3_stmt *s, int column, char *out, const char *bytes, size_t count) {
  size_t n = compress(codec, out, MESSAGE_LIMIT, bytes, count);
  if (n) sqlite3_bind_blob(s, column, out, n, SQLITE_STATIC);
  else sqlite3_bind_null(s, column);
}

static void insert(sqlite3_stmt *s, const Exchange *e, size_t position) {
  Parts p = parts(e);
  const sqlite3_int64 numbers[] = {position, e->observedAt, e->latency, e->status, e->direction, e->operation};
  for (int i = 0; i < 6; i++) sqlite3_bind_int64(s, i + 1, numbers[i]);
  for (int k = 0; k < KEYS; k++)
    if (e->keyBytes[k]) sqlite3_bind_text(s, 7 + k, p.key[k], e->keyBytes[k], SQLITE_STATIC);
    else sqlite3_bind_null(s, 7 + k);
  bindBody(s, 10, buffer[0], p.request, e->requestBytes);
  bindBody(s, 11, buffer[1], p.response, e->responseBytes);
  done(s);
}

static void writeAll(Input input) {
  sqlite3_stmt *s = prepare("INSERT INTO exchange VALUES (?,?,?,?,?,?,?,?,?,?,?)"), *begin = prepare("BEGIN"), *commit = prepare("COMMIT");
  for (size_t i = 0; i < input.count; i++) {
    if (i % BATCH == 0) done(begin);
    insert(s, input.at[i], i);
    if ((i + 1) % BATCH == 0 || i + 1 == input.count) done(commit);
  }
  sqlite3_finalize(s), sqlite3_finalize(begin), sqlite3_finalize(commit);
}

// Both bodies of the current row, decompressed; returns the number of messages.
static int readRow(sqlite3_stmt *s) {
  int messages = 0;
  for (int i = 0; i < 2; i++) messages += decompress(codec, buffer[i], sqlite3_column_blob(s, i), sqlite3_column_bytes(s, i)) > 0;
  return messages;
}

static void lookUp(Input input) {
  static double times[LOOKUPS];
  uint64_t state = 1;
  sqlite3_stmt *s = prepare("SELECT request, response FROM exchange WHERE transactionId = ?");
  for (size_t i = 0; i < LOOKUPS; i++) {
    const Exchange *e = nextLookup(input, &state);
    double begun = seconds();
    int found = 0;
    sqlite3_bind_text(s, 1, parts(e).key[TRANSACTION], e->keyBytes[TRANSACTION], SQLITE_STATIC);
    while (sqlite3_step(s) == SQLITE_ROW) found += readRow(s);
    sqlite3_reset(s);
    times[i] = seconds() - begun;
    CHECK(found > 0, "an exchange was not found");
  }
  sqlite3_finalize(s);
  latencyFigures("hot", times, LOOKUPS);
}

static void replay(void) {
  sqlite3_stmt *s = prepare("SELECT request, response FROM exchange ORDER BY position");
  size_t count = 0;
  double begun = seconds();
  while (sqlite3_step(s) == SQLITE_ROW) count += readRow(s);
  figure("hotReplayPerSecond", count / (seconds() - begun));
  sqlite3_finalize(s);
}

int main(int argc, char **argv) {
  CHECK(argc == 3, "usage: sqlite EXCHANGES DIRECTORY");
  Input input = readInput(argv[1]);
  CHECK(chdir(argv[2]) == 0, argv[2]);
  beginFigures("sqlite", input.count);
  openDatabase();
  double begun = seconds();
  codec = makeCodec(input);
  keepDictionary();
  writeAll(input);
  figure("recordPerSecond", input.count / (seconds() - begun));
  lookUp(input);
  replay();
  run("PRAGMA wal_checkpoint(TRUNCATE)");
  CHECK(sqlite3_close(database) == SQLITE_OK, "cannot close the database");
  sizeFigures("hot", ".", input.count);
  endFigures();
}
