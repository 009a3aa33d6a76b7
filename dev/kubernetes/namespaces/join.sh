#!/bin/sh
# Owns putting a program into control groups before it starts.
# Must not know the program. Arguments: files that take a process's number, then --, then the command.
set -eu
while [ "$1" != -- ]; do
  echo $$ >"$1"
  shift
done
shift
exec "$@"
