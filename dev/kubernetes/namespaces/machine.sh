#!/bin/sh
# Owns the first process of the machine: the pid namespace that everything lives in, and the network between the nodes.
# Must not know the nodes. Arguments: the machine's address with its range, the gateway towards the outside with its range,
# then private addresses that it answers for.
set -eu
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
