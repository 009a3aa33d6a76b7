#!/bin/sh
# Owns the first process of a node: its view of the file system, of its control groups and of the kernel's settings.
# Must not know what a kubelet is. Arguments: the node's name, its folder, the folder that is its /var/lib.
# It enters with namespaces of its own (mount, pid, network, uts, ipc, cgroup) and already within its control groups.
set -eu
mount --make-rprivate /
hostname "$1"
folder=$2

# sysfs shows the devices of the network namespace that it is mounted in.
mount -t sysfs sysfs /sys
if grep -q '^[1-9][0-9]*:[a-z]*,*cpu[,:]' /proc/self/cgroup; then
  mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup
  # Hierarchies of version 1, seen from the node's own group down. "4:memory:/", "9:cpu,cpuacct:/", "8:name=systemd:/".
  while IFS=: read -r number controllers _; do
    [ "$number" = 0 ] && continue
    name=${controllers#name=}
    mkdir -p "/sys/fs/cgroup/$name"
    case $controllers in
      name=*) mount -t cgroup -o "none,$controllers" cgroup "/sys/fs/cgroup/$name" ;;
      *) mount -t cgroup -o "$controllers" cgroup "/sys/fs/cgroup/$name" ;;
    esac
    case $controllers in
      *,*) for one in $(echo "$controllers" | tr , ' '); do ln -s "$name" "/sys/fs/cgroup/$one"; done ;;
    esac
  done </proc/self/cgroup
else
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
fi

# What kubelet and kube-proxy set in the kernel is every program's on this machine: here they write to files.
settings="vm.overcommit_memory=1 vm.panic_on_oom=0 kernel.panic=10 kernel.panic_on_oops=1
  kernel.keys.root_maxkeys=1000000 kernel.keys.root_maxbytes=25000000"
mkdir -p "$folder/settings"
for setting in $settings; do
  file=/proc/sys/$(echo "${setting%=*}" | tr . /)
  [ -e "$file" ] || continue
  echo "${setting#*=}" >"$folder/settings/${setting%=*}"
  mount --bind "$folder/settings/${setting%=*}" "$file"
done

# Where the programs of a node keep what they know, at the paths that every node has.
mount -t tmpfs -o mode=755 run /run
mkdir -p /run/lock /run/netns
mount --bind "$3" /var/lib
mkdir -p "$folder/log"
mount --bind "$folder/log" /var/log
# Mounts of volumes pass from the node into its pods.
mount --make-rshared /

ip link set lo up
echo 1 >/proc/sys/net/ipv4/ip_forward
echo "ready $(readlink /proc/self/ns/pid)"
exec tini -- sleep infinity
