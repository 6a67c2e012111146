# Writes what the script $1 makes bash offer for each line of standard input, a line `? QUERY` before each. Words are taken
# apart as readline does it: at blanks, and at each of : and =, which are words of their own.

. "$1" || exit
function_of_blau=$(complete -p blau | sed -n 's/^complete -F \([^ ]*\) blau$/\1/p')
[[ -n $function_of_blau ]] || exit

while IFS= read -r COMP_LINE; do
  printf '? %s\n' "$COMP_LINE"
  apart=${COMP_LINE//:/ : }
  read -r -a COMP_WORDS <<<"${apart//=/ = }"
  [[ $COMP_LINE == *[[:blank:]] ]] && COMP_WORDS+=('')
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_POINT=${#COMP_LINE}
  COMPREPLY=()
  "$function_of_blau" blau "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
  ((${#COMPREPLY[@]} == 0)) || printf '%s\n' "${COMPREPLY[@]}"
done
