#!/bin/sh
# Volumes of a node, each a file system of its own in a sparse file, so that it is full at its size.
#   volumes.sh create DIR BYTES   creates DIR.img, and mounts it on DIR
#   volumes.sh delete DIR         removes both, or a plain folder
#   volumes.sh mount FOLDER       mounts every volume of FOLDER, after a start of the node
set -eu
verb=$1
dir=$2

mount_volume() {
  # A killed node releases its volumes a moment later. Two mounts of one file would destroy it.
  tries=0
  while [ -n "$(losetup -j "$1.img")" ]; do
    tries=$((tries + 1))
    [ "$tries" -le 100 ] || { echo "$1.img is still in use" >&2; exit 1; }
    sleep 0.1
  done
  mount -o loop,discard,noinit_itable "$1.img" "$1"
}

case $verb in
  create)
    if ! mountpoint -q "$dir"; then # a repeated attempt of the provisioner
      mkdir -p "$dir"
      truncate -s "$3" "$dir.img"
      mkfs.ext4 -q -F -m 0 -i 65536 -E lazy_itable_init=1,lazy_journal_init=1,nodiscard "$dir.img"
      mount_volume "$dir"
    fi
    chmod 0777 "$dir" # programs of any user write into their volumes
    ;;
  delete)
    if mountpoint -q "$dir"; then umount "$dir"; fi
    rm -rf "$dir" "$dir.img"
    ;;
  mount)
    for image in "$dir"/*.img; do
      [ -e "$image" ] || continue
      mount_volume "${image%.img}"
    done
    ;;
esac
