#!/bin/bash
# Chromium in a mount namespace of its own, where the folders of $SERIAL_BENCH_FOLDER lie over the places that Chromium
# asks for serial ports and policies. Nothing outside the namespace is touched. See README.md in this folder.
set -eu
if [ -z "${SERIAL_BENCH_INSIDE:-}" ]; then
  export SERIAL_BENCH_INSIDE=1
  if [ "$(id -u)" = 0 ]; then exec unshare -m "$0" "$@"; fi
  exec unshare -Urm "$0" "$@"
fi
mount --make-rprivate /
folder=$SERIAL_BENCH_FOLDER
mount --bind "$folder/sys-devices-virtual-tty" /sys/devices/virtual/tty
mount --bind "$folder/sys-class-tty" /sys/class/tty
mount --bind "$folder/proc-tty-drivers" /proc/tty/drivers
if [ -d /run/udev ]; then mount --bind "$folder/run/udev" /run/udev; else mount --bind "$folder/run" /run; fi
mount --bind "$folder/policies" "$SERIAL_BENCH_POLICY_FOLDER"
export SYSTEMD_DEVICE_VERIFY_SYSFS=0
exec "$SERIAL_BENCH_CHROMIUM" "$@"
