#!/bin/sh
# Owns the first process of the machine: the pid namespace that everything lives in, and the network between the nodes.
# Must not know the nodes. Arguments: an empty folder, the machine's address with its range, the gateway towards the outside
# with its range, then private addresses that it answers for.
set -eu

# Nothing that is mounted from here on is seen outside.
if ! mount --make-rprivate / 2>/dev/null; then
  # Within a chroot the root is no mount, and not the root of this namespace: containers need one that is both (pivot_root(2);
  # who joins a container later, as each exec does, begins at the namespace's root: setns(2)). So this root takes the place of
  # the one that lies outside, as switch_root(8) does it, and this starts anew.
  while read -r _ _ _ _ path _; do mount --make-private "$path" 2>/dev/null || :; done </proc/self/mountinfo
  mount --rbind / "$1"
  exec 9<"$1"
  # shellcheck disable=SC2016 # expanded by the shell that is started
  exec nsenter --mount=/proc/self/ns/mnt sh -c '
    mount --make-rprivate / && cd /proc/self/fd/9 && mount --move . / && exec chroot . "$@" 9<&-' sh sh "$0" "$@"
fi
shift
mount -t sysfs sysfs /sys
hostname limpet-machine
ip link set lo up
ip link add nodes type bridge
ip address add "$1" dev nodes
ip link set nodes up
ip link add outside type bridge
ip address add "$2" dev outside
ip link set outside up
shift 2
for address; do ip address add "$address/32" dev lo; done
echo 1 >/proc/sys/net/ipv4/ip_forward
echo "ready $(readlink /proc/self/ns/pid)"
# Takes in the processes whose parent is gone.
exec tini -- sleep infinity
