# The .zshrc of an interactive zsh that writes what it would offer for each line of the file $BLAU_QUERIES into the file
# $BLAU_OFFERS, a line `? QUERY` before each, and ends.

fpath=($BLAU_SCRIPTS $fpath)
autoload -Uz compinit
compinit -u -d $ZDOTDIR/dump
zstyle ':completion:*' completer _complete
zstyle ':completion:*' insert-tab false

# Writes the matches rather than to show them.
compadd() {
  if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then
    builtin compadd "$@"
    return
  fi
  local -a matches
  builtin compadd -A matches "$@"
  (($#matches)) || return 1
  print -rl -- $IPREFIX${^matches} >>$BLAU_OFFERS
}

zle-line-init() {
  local query
  while IFS= read -r query; do
    print -r -- "? $query" >>$BLAU_OFFERS
    BUFFER=$query CURSOR=$#query
    zle complete-word
  done <$BLAU_QUERIES
  BUFFER=exit
  zle .accept-line
}
zle -N zle-line-init
