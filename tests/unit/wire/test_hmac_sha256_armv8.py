"""The ARMv8 tier on another machine: cross-compiled and run under qemu, against hashlib. Skipped without the tools."""

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

HEADER = Path(__file__).parents[3] / "ext/tidings/wire/hmac_sha256.h"
COMPILER, EMULATOR = shutil.which("aarch64-linux-gnu-gcc"), shutil.which("qemu-aarch64-static")
LENGTHS = [0, 1, *range(54, 66), *range(119, 130), 1000]

# Prints SHA-256 of the bytes 0, 1, 2 … for each length asked for, padded here by hand.
PROGRAM = """
#include "hmac_sha256.h"
#include <stdio.h>
#include <stdlib.h>
int main(int argc, char **argv)
{
    sha256_blocks_fn blocks = sha256_tier_function(SHA256_TIER_ARMV8);
    if (!blocks) return 3;
    for (int a = 1; a < argc; a++) {
        static uint8_t text[2048];
        uint32_t chain[8];
        char hex[65] = {0};
        int n = atoi(argv[a]), total = (n + 8) / 64 * 64 + 64;
        memset(text, 0, sizeof text);
        for (int i = 0; i < n; i++) text[i] = (uint8_t)i;
        text[n] = 0x80;
        sha256_store_be32(text + total - 4, (uint32_t)n * 8);
        memcpy(chain, SHA256_INITIAL, sizeof chain);
        blocks(chain, text, (size_t)total / 64);
        for (int i = 0; i < 8; i++) sha256_write_hex8(hex + 8 * i, chain[i]);
        puts(hex);
        sha256_wipe(chain, sizeof chain);
    }
    return 0;
}
"""


@pytest.mark.skipif(not (COMPILER and EMULATOR), reason="needs gcc-aarch64-linux-gnu and qemu-user-static")
def test_armv8_tier_hashes_as_hashlib_does(tmp_path):
    (tmp_path / "main.c").write_text(PROGRAM)
    options = ["-O2", "-Wall", "-Werror", "-Wno-unused-variable", "-static", f"-I{HEADER.parent}"]
    subprocess.run([COMPILER, *options, "-o", tmp_path / "main", tmp_path / "main.c"], check=True)

    run = subprocess.run(
        [EMULATOR, tmp_path / "main", *map(str, LENGTHS)], check=True, capture_output=True, text=True, timeout=60
    )

    expected = [hashlib.sha256(bytes(i % 256 for i in range(length))).hexdigest() for length in LENGTHS]
    assert run.stdout.split() == expected
