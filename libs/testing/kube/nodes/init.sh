#!/bin/sh
# Process 1 of a node, in namespaces of its own: init.sh NAME FOLDER. Prepares the file systems that containers need,
# writes FOLDER/ready and stays until it is killed, which ends every process of the node.
set -eu
name=$1
folder=$2

if [ -n "${CGROUP_V2:-}" ]; then
  # The namespace begins at the node's own cgroup, which this process leaves again below, so that it has none.
  echo $$ >"$CGROUP_V2/cgroup.procs"
  CGROUP_V2='' exec unshare -C -- "$0" "$@"
fi

mount --make-rprivate /
mount -t proc proc /proc
mount -t sysfs sysfs /sys
if [ -z "$CGROUP_V1" ]; then
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
  # Controllers can only be given to children while the parent has no process.
  echo $$ >/sys/fs/cgroup/init/cgroup.procs
  for controller in $(cat /sys/fs/cgroup/cgroup.controllers); do
    echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control
  done
else
  mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
  for controllers in $CGROUP_V1; do
    mkdir "/sys/fs/cgroup/$controllers"
    case $controllers in
      systemd) mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd ;;
      *) mount -t cgroup -o "$controllers" cgroup "/sys/fs/cgroup/$controllers" ;;
    esac
    for one in $(echo "$controllers" | tr , ' '); do
      [ -e "/sys/fs/cgroup/$one" ] || ln -s "$controllers" "/sys/fs/cgroup/$one"
    done
  done
fi
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/lock
# The kubelet and CNI plugins write to these folders, whatever their settings are. The kubelet also empties the last one.
for owned in /var/log/containers /var/lib/cni /var/lib/kubelet; do
  "$(dirname "$0")/own-folder.sh" "$owned"
done
# The kubelet sets these, and they are the machine's: it writes to copies.
for setting in vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys \
  kernel/keys/root_maxbytes; do
  mkdir -p "$folder/sysctl/$(dirname "$setting")"
  cat "/proc/sys/$setting" >"$folder/sysctl/$setting"
  mount --bind "$folder/sysctl/$setting" "/proc/sys/$setting"
done
for file in resolv.conf hosts; do
  target=$(readlink -m "/etc/$file") # often a link into /run, which is empty now
  mkdir -p "$(dirname "$target")"
  [ -e "$target" ] || : >"$target"
  mount --bind "$folder/$file" "$target"
done
mount --make-rshared /
"$(dirname "$0")/volumes.sh" mount "$folder/volumes"
hostname "$name"
ip link set lo up
echo 1 >/proc/sys/net/ipv4/ip_forward
echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables
: >"$folder/ready"
trap 'exit 0' TERM
while :; do
  sleep 3600 &
  wait $! || true
done
