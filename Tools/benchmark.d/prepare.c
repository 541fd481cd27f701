// prepare TRAFFIC.ndjson EXCHANGES: extracts beforehand what the C programs store, so that they are measured without the cost of reading
// JSON and XML. It takes only what the simulator writes: flat objects, one a line, and looks for elements by name alone.
#define _GNU_SOURCE
#include "exchanges.h"

typedef struct { char *bytes; size_t count; } Text;

static unsigned hex4(const char *s) {
  char digits[5] = {s[0], s[1], s[2], s[3], 0};
  return (unsigned)strtoul(digits, NULL, 16);
}

static char *putUTF8(char *out, unsigned c) {
  if (c < 0x80) { *out++ = c; return out; }
  if (c < 0x800) *out++ = 0xC0 | c >> 6;
  else {
    if (c < 0x10000) *out++ = 0xE0 | c >> 12;
    else *out++ = 0xF0 | c >> 18, *out++ = 0x80 | (c >> 12 & 0x3F);
    *out++ = 0x80 | (c >> 6 & 0x3F);
  }
  *out++ = 0x80 | (c & 0x3F);
  return out;
}

// Undoes the escapes of a JSON string in place, from behind its opening quote, and moves `at` behind its closing one.
static Text string(char **at) {
  char *in = *at, *out = in;
  Text text = {out, 0};
  while (*in && *in != '"') {
    if (*in != '\\') { *out++ = *in++; continue; }
    char c = in[1];
    in += 2;
    if (c == 'u') {
      unsigned code = hex4(in);
      in += 4;
      if (code >> 10 == 0x36 && in[0] == '\\' && in[1] == 'u') code = 0x10000 + ((code & 0x3FF) << 10) + (hex4(in + 2) & 0x3FF), in += 6;
      out = putUTF8(out, code);
    } else *out++ = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c == 'b' ? '\b' : c == 'f' ? '\f' : c;
  }
  CHECK(*in == '"', "a string does not end");
  *at = in + 1;
  text.count = out - text.bytes;
  return text;
}

// The text of the first element with that local name.
static Text element(Text xml, const char *name) {
  size_t length = strlen(name);
  for (char *at = xml.bytes, *end = xml.bytes + xml.count; (at = memmem(at, end - at, name, length)) != NULL; at += length) {
    char *after = at + length;
    if (at == xml.bytes || (at[-1] != '<' && at[-1] != ':') || after >= end || !strchr("> \t\r\n", *after)) continue;
    char *start = memchr(after, '>', end - after);
    if (!start) break;
    start++;
    char *stop = memchr(start, '<', end - start);
    if (!stop) break;
    while (start < stop && strchr(" \t\r\n", *start)) start++;
    while (start < stop && strchr(" \t\r\n", stop[-1])) stop--;
    if (start < stop) return (Text){start, stop - start};
  }
  return (Text){"", 0};
}

static uint64_t milliseconds(Text t) {
  struct tm when = {0};
  if (t.count < 19 || !strptime(t.bytes, "%Y-%m-%dT%H:%M:%S", &when)) return 0;
  return (uint64_t)timegm(&when) * 1000 + (t.count > 22 && t.bytes[19] == '.' ? strtoul(t.bytes + 20, NULL, 10) % 1000 : 0);
}

// Operations are few: a number each, in the order in which they appear.
static uint16_t operationNumber(Text name) {
  static char *known[256];
  uint16_t i = 0;
  for (; i < 255 && known[i]; i++)
    if (strlen(known[i]) == name.count && !memcmp(known[i], name.bytes, name.count)) return i;
  known[i] = strndup(name.bytes, name.count);
  return i;
}

int main(int argc, char **argv) {
  CHECK(argc == 3, "usage: prepare TRAFFIC.ndjson EXCHANGES");
  FILE *in = fopen(argv[1], "r"), *out = fopen(argv[2], "w");
  CHECK(in && out, "cannot open the files");
  char *line = NULL;
  size_t room = 0;
  while (getline(&line, &room, in) > 0) {
    Exchange e = {0};
    Text request = {"", 0}, response = {"", 0}, keys[KEYS];
    for (char *at = line; (at = strchr(at, '"')) != NULL;) {
      at++;
      Text name = string(&at);
      at += strspn(at, " :");
      int quoted = *at == '"';
      char *number = at;
      Text value = {"", 0};
      if (quoted) at++, value = string(&at);
      else at += strcspn(at, ",}");
#define IS(key) (name.count == sizeof key - 1 && !memcmp(name.bytes, key, name.count))
      if (IS("recordedAt")) e.observedAt = milliseconds(value);
      else if (IS("direction")) e.direction = value.bytes[0] == 'f';
      else if (IS("operation")) e.operation = operationNumber(value);
      else if (IS("httpStatus")) e.status = strtoul(number, NULL, 10);
      else if (IS("latencyMs")) e.latency = strtoul(number, NULL, 10);
      else if (IS("request")) request = value;
      else if (IS("response")) response = value;
    }
    const char *names[KEYS] = {"transactionId", "serviceSessionId", "EVSEId"};
    for (int k = 0; k < KEYS; k++) {
      keys[k] = element(request, names[k]);
      if (!keys[k].count) keys[k] = element(response, names[k]);
      CHECK(keys[k].count < 65536, "a key is too long");
      e.keyBytes[k] = keys[k].count;
    }
    e.requestBytes = request.count, e.responseBytes = response.count;
    CHECK(request.count < MESSAGE_LIMIT && response.count < MESSAGE_LIMIT, "a message is too long");
    fwrite(&e, sizeof e, 1, out);
    size_t written = sizeof e + request.count + response.count;
    for (int k = 0; k < KEYS; k++) fwrite(keys[k].bytes, 1, keys[k].count, out), written += keys[k].count;
    fwrite(request.bytes, 1, request.count, out);
    fwrite(response.bytes, 1, response.count, out);
    fwrite("\0\0\0\0\0\0\0", 1, exchangeBytes(&e) - written, out);
  }
  CHECK(!ferror(in) && fclose(out) == 0, "input or output failed");
}
