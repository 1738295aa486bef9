#!/bin/sh
# Builds the NEON kernel tests for arm64 and runs them, under emulation where this
# machine is of another kind. Exit code 77 = skipped. Usage: neon.sh OUTPUT_FOLDER
set -eu
out=$1
case $(uname -m) in
aarch64 | arm64)
    cc=${CC:-cc}
    run= ;;
*)
    cc=aarch64-linux-gnu-gcc
    run=$(command -v qemu-aarch64 || command -v qemu-aarch64-static) || run=
    command -v $cc >/dev/null || { echo "skipped: no $cc (package gcc-aarch64-linux-gnu)"; exit 77; }
    [ -n "$run" ] || { echo "skipped: no qemu-aarch64 (package qemu-user)"; exit 77; } ;;
esac
mkdir -p "$out"
$cc -std=c11 -O2 -Wall -Wextra -Werror -D_GNU_SOURCE -march=armv8.2-a+dotprod -static -Iinclude -Isrc \
    tests/cross/kernels_neon.c src/nn/isa.c src/nn/kernels.c src/nn/kernels_c.c src/nn/kernels_neon.c \
    src/base/base64.c src/base/base64_neon.c src/base/base64_avx2.c src/base/cpu.c src/base/alloc.c src/base/status.c src/base/utf8.c -o "$out/kernels_neon" -lm -lpthread
$run "$out/kernels_neon"
$cc -std=c11 -O2 -Wall -Wextra -Werror -D_GNU_SOURCE -static -Iinclude -Isrc \
    tests/cross/conv_neon.c src/nn/kernels_conv_c.c src/nn/kernels_conv_neon.c -o "$out/conv_neon" -lm
$run "$out/conv_neon"
