#!/bin/sh
# Gives this mount namespace an empty folder of its own: own-folder.sh FOLDER. The machine's folder is hidden. Where it has
# none, none is created: the folder above is replaced by one with the same entries. Needs a writable /run.
set -eu
folder=$1
parent=$(dirname "$folder")

copy_parent() {
  mkdir -p /run/original
  mount --rbind "$parent" /run/original
  mount -t tmpfs -o mode=755 tmpfs "$parent"
  for entry in /run/original/* /run/original/.[!.]*; do
    copy=$parent/${entry##*/}
    if [ -L "$entry" ]; then
      cp -P "$entry" "$copy"
    elif [ -d "$entry" ]; then
      mkdir "$copy"
      mount --rbind "$entry" "$copy"
    elif [ -e "$entry" ]; then
      : >"$copy"
      mount --bind "$entry" "$copy"
    fi
  done
  umount -l /run/original
  mkdir "$folder"
}

[ -d "$folder" ] || copy_parent
mount -t tmpfs -o mode=755 tmpfs "$folder"
