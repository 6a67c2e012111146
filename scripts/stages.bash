# Steps of scripts/test: each runs with its output in a log, says how long it took, and is counted. To be sourced.

log_folder=build/logs
passed=0 failed=0 skipped=0
failures=()

begin_stages() {
  mkdir -p "$log_folder"
  rm -f "$log_folder"/*.beside "$log_folder"/*.status "$log_folder/failures.txt"
  started=$SECONDS
}

log_of() {
  local name=${1//[^a-zA-Z0-9]/_}
  echo "$log_folder/${name//__/_}.log"
}

# run_stage NAME COMMAND…: says what and how long, and shows the end of a log that tells of a failure. Counts nothing.
run_stage() {
  local name=$1 log begin=$SECONDS status=0
  log=$(log_of "$name")
  shift
  printf '%4ds  %s\n' $((SECONDS - started)) "$name"
  "$@" >"$log" 2>&1 || status=$?
  printf '%4ds  %s: %s\n' $((SECONDS - started)) "$name" "$( ((status)) && echo "FAILED ($status)," || echo done in) $((SECONDS - begin)) s"
  return $status
}

# stage NAME COMMAND…: as a whole it passes or fails.
stage() {
  if run_stage "$@"; then
    passed=$((passed + 1))
    return 0
  fi
  count_failure "$1"
  show_failure "$1"
  return 1
}

count_failure() {
  failed=$((failed + 1))
  failures+=("$1")
}

show_failure() {
  echo "------ the end of $(log_of "$1"):"
  grep -E -A 6 'error:|FAILED:|^FAILED' "$(log_of "$1")" | head -n 60 || true
  tail -n 30 "$(log_of "$1")"
  echo "------"
  remember_failure "$1"
}

# It stands at the end once more, in short: of a long output often only the end is kept.
remember_failure() {
  echo "------ $1:"
  grep -E -A 6 'Failure$|error:|ERROR: |FAILED' "$(log_of "$1")" | cut -c 1-300 | head -n 40 || true
} >>"$log_folder/failures.txt"

show_warnings() {
  grep -E -A 4 'warning:' "$(log_of "$1")" || true
}

# ctest_stage NAME PRESET OPTION…: its tests count one by one. More at once than processors, since many of them wait.
ctest_stage() {
  local name=$1 preset=$2 report before=$failed status=0
  report=$PWD/$(log_of "$1").xml
  shift 2
  rm -f "$report"
  # What is kept of an output that passed is its end.
  if ! run_stage "$name" ctest --preset "$preset" --parallel "$((2 * $(nproc)))" --test-output-truncation head \
    --output-junit "$report" "$@"; then
    status=1
    [[ -e $report ]] || count_failure "$name"
    show_failed_tests "$name"
  fi
  if [[ -e $report ]]; then count_report "$report" "$name"; fi
  # What could not be started is no failure in the report.
  if ((status && failed == before)); then count_failure "$name: not all of it ran"; fi
}

show_failed_tests() {
  local log
  log=$(log_of "$1")
  echo "------ from $log:"
  grep -vE '^ *([0-9]+/[0-9]+ Test +#[0-9]+: .* (Passed|\*\*\*Skipped)|Start +[0-9]+:)' "$log" | tail -n 200
  echo "------"
  remember_failure "$1"
}

# Adds up what ctest's report in JUnit's format says of the whole, and what stands inside single ones of its tests.
count_report() {
  local all bad left_out good inner_good inner_bad inner_left_out
  all=$(attribute tests "$1") bad=$(attribute failures "$1") left_out=$(attribute skipped "$1")
  # Left out by itself (GTEST_SKIP) or not run.
  left_out=$((left_out + $(attribute disabled "$1")))
  good=$((all - bad - left_out))
  read -r inner_good inner_bad inner_left_out < <(inner_counts "$1")
  good=$((good + inner_good)) bad=$((bad + inner_bad)) left_out=$((left_out + inner_left_out))
  passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + left_out))
  ((bad == 0)) || failures+=("$2 ($bad)")
  ((all > 0)) || count_failure "$2: no tests"
  printf '       %d passed, %d failed, %d skipped\n' "$good" "$bad" "$left_out"
  sed -nE 's/^(.*>)?(skipped [0-9]+: .*)$/       \2/p' "$1"
}

# What to add for the tests that are many and close with `N passed, N failed, N skipped`: their own counts, less themselves.
inner_counts() {
  awk '
    /<testcase / { status = "passed" }
    /<testcase .*status="fail"/ { status = "failed" }
    match($0, /[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped/) && substr($0, 1, RSTART - 1) ~ /^(.*>)?$/ {
      split(substr($0, RSTART, RLENGTH), words, /[ ,]+/)
      good += words[1]; bad += words[3]; left_out += words[5]
      if (status == "passed") good -= 1
      if (status == "failed" && words[3] > 0) bad -= 1
    }
    END { print good + 0, bad + 0, left_out + 0 }' "$1"
}

# Each attribute of the report's first element stands on a line of its own.
attribute() {
  local found
  found=$(sed -nE "s/^[[:space:]]+$1=\"([0-9]+)\".*/\1/p" "$2" | head -n 1)
  echo "${found:-0}"
}

# gtest_stage NAME COMMAND…: a program that closes with `N passed, N failed, N skipped`; its tests count one by one.
gtest_stage() {
  local name=$1 status=0 counts
  run_stage "$@" || status=$?
  counts=$(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped\r?$/\1 \2 \3/p' "$(log_of "$name")" | tail -n 1)
  if [[ -z $counts ]]; then
    count_failure "$name"
    show_failure "$name"
    return 1
  fi
  add_counts "$name" "$status" $counts
  if ((status)); then show_failure "$name"; fi
  return $status
}

# run_beside NAME COMMAND…: runs it and keeps what it said and how it ended for `outcome NAME`, which a stage asks for later.
run_beside() {
  local name=$1 status=0
  shift
  "$@" >"$log_folder/$name.beside" 2>&1 || status=$?
  echo "$status" >"$log_folder/$name.status"
}

outcome() {
  cat "$log_folder/$1.beside"
  return "$(<"$log_folder/$1.status")"
}

add_counts() {
  local name=$1 status=$2
  passed=$((passed + $3)) failed=$((failed + $4)) skipped=$((skipped + $5))
  printf '       %d passed, %d failed, %d skipped\n' "$3" "$4" "$5"
  grep -E '^skipped [0-9]+: ' "$(log_of "$name")" | sed 's/^/       /' || true
  if (($4)); then
    failures+=("$name ($4)")
  elif ((status)); then
    count_failure "$name"
  fi
}

finish() {
  local failure
  if [[ -e $log_folder/failures.txt ]]; then cat "$log_folder/failures.txt"; fi
  echo "took $((SECONDS - started)) s"
  for failure in "${failures[@]}"; do echo "failed: $failure"; done
  echo "$passed passed, $failed failed, $skipped skipped"
  exit $((failed > 0))
}
