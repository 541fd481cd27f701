# Sourced by benchmark: how figures become tables.
# shellcheck shell=bash

# What must be reached. In turn: the row's name; the figure's name; the one that stands for it where a competitor makes no difference between
# the two; at least; aimed at; whether less is better. A bound that ends in x is a ratio to the floor.
rows() {
  cat <<'END_OF_ROWS'
record, groups of 256, 3 under way /s|recordPerSecond||100000|150000|
record, strictly one group /s|oneGroupPerSecond|recordPerSecond|||
record, indexed and sealed behind /s|sustainedPerSecond|recordPerSecond|50000|90000|
import from wire bytes /s|importPerSecond||40000|60000|
one caller, commits of LMDB in C /s|appendPerSecond||0.9x|1x|
hot, bytes per exchange|hotBytesPerExchange||160|120|less
hot, allocated|hotAllocatedBytesPerExchange||||less
sealed, bytes per exchange|sealedBytesPerExchange|hotBytesPerExchange|110|80|less
sealed, allocated|sealedAllocatedBytesPerExchange|hotAllocatedBytesPerExchange|||less
lookup, hot, p50 µs|hotLookupP50Microseconds||6|3|less
lookup, hot, p99 µs|hotLookupP99Microseconds||30|15|less
lookup, sealed, p50 µs|sealedLookupP50Microseconds|hotLookupP50Microseconds|6|3|less
lookup, sealed, p99 µs|sealedLookupP99Microseconds|hotLookupP99Microseconds|30|15|less
lookup, 12 sealed months, p50 µs|monthsLookupP50Microseconds||15|8|less
show beside a recorder, p50 ms|showMilliseconds||60|30|less
replay, hot, entries/s|hotReplayPerSecond||||
replay, sealed, entries/s|sealedReplayPerSecond|hotReplayPerSecond|||
replay with facts, hot, entries/s|hotFactsPerSecond||700000|2000000|
replay with facts, sealed, entries/s|sealedFactsPerSecond||700000|2000000|
read models, rebuild of all, entries/s|projectPerSecond||100000||
read models, live lag p99, ms|projectLagP99Milliseconds||50||less
read models, question as of a position, p99 µs|projectQuestionP99Microseconds||1000||less
read models, bytes per exchange beyond their rows|projectOverheadBytesPerExchange||25||less
peak memory of an import, MB|importResidentMegabytes||256|128|less
peak of its own (anonymous), MB|importAnonymousMegabytes||256|128|less
END_OF_ROWS
}

# Of the large run, in the same form.
large_rows() {
  cat <<'END_OF_ROWS'
record /s|recordPerSecond||50000|90000|
last twentieth against the first|lastToFirstTwentieth||0.9|1|
lookup, 12 sealed months, p50 µs|sealedLookupP50Microseconds||15|8|less
lookup, 12 sealed months, p99 µs|sealedLookupP99Microseconds||||less
hot and sealed, bytes per exchange|hotBytesPerExchange||||less
sealed, bytes per exchange|sealedBytesPerExchange||110|80|less
replay with facts, entries/s|sealedFactsPerSecond||700000|2000000|
peak memory, MB|residentMegabytes||256|128|less
peak of its own (anonymous), MB|anonymousMegabytes||256|128|less
END_OF_ROWS
}

# The best of each figure over all rounds, since what else the machine does can only slow it down; of memory, lag and what was behind, the worst.
best() {
  jq -s '
    def least: test("Microseconds$|Milliseconds$|Bytes");
    group_by(.name) | map(. as $rounds | reduce ([.[] | keys[]] | unique[]) as $key ({};
      [$rounds[][$key] | values] as $found | .[$key] = if $key | least then $found | min else $found | max end))'
}

# table COMPETITOR...: reads what best wrote.
table() {
  local figures
  figures=$(cat)
  rows | fill "$figures" "$@"
}

large_table() {
  local figures
  figures=$(jq -c '[. + {name: "emip-journal"}]')
  large_rows | fill "$figures"
}

# fill FIGURES COMPETITOR...: reads rows, prints the table. The ratios say how many times better ours is.
fill() {
  local figures=$1
  shift
  jq -r -R -n --argjson figures "$figures" '
    ($figures | INDEX(.name)) as $of | $of["emip-journal"] as $ours |
    def number: if . == null then "-" elif . >= 100 then round else . * 100 | round / 100 end | tostring;
    (["", "at least", "aim"] + $ARGS.positional + ["emip-journal", "reached"] + ($ARGS.positional | map("/ " + .)) | join("|")),
    (inputs / "|" | . as [$name, $key, $otherwise, $least, $aim, $less] | ($ours[$key]) as $our |
      ($ARGS.positional | map($of[.] | .[$key] // .[$otherwise])) as $theirs |
      def asNumber: if endswith("x") then (rtrimstr("x") | tonumber) * $theirs[0] else tonumber end;
      def reached($bound): if $less == "less" then $our <= ($bound | asNumber) else $our >= ($bound | asNumber) end;
      (if $our == null or $least == "" then "" elif $aim != "" and reached($aim) then "aim" elif reached($least) then "least" else "NO" end) as $reached |
      [$name, $least, $aim] + ($theirs | map(number)) + [$our | number, $reached] +
      ($theirs | map(if . == null or $our == null then "-" elif $less == "less" then . / $our | number else $our / . | number end)) | join("|"))
  ' --args "$@" | column -t -s '|' -R "$(seq -s , 2 $((5 + 2 * $#)))"
}

# What no row has.
rest() {
  local named
  named=$(rows | cut -d '|' -f 2)
  jq -r --arg named "$named" '
    ($named / "\n") as $named | .[] | select(.name == "emip-journal") | to_entries[] | select(.value | type == "number") |
    select(.key | IN($named[]) | not) | "\(.key)|\(.value * 100 | round / 100)"' | column -t -s '|' -R 2
}
