#!/bin/sh
# Owns what is left when a cluster has ended, however it ended: its control groups and its folders.
# Must not know the cluster. Reads nothing, waits for the end of its input: that is the end of the process that started it.
# Arguments: its two folders, then the control groups' folders.
set -u
cat >/dev/null
folder=$1
disk=$2
shift 2
# The kernel ends the processes of the namespaces by itself; a group can go when the last of them is gone.
for attempt in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  left=
  for group; do
    [ -d "$group" ] || continue
    find "$group" -depth -type d -exec rmdir {} + 2>/dev/null
    [ -d "$group" ] && left=yes
  done
  [ -z "$left" ] && break
  sleep 0.5
done
rm -rf --one-file-system "$folder" "$disk"
