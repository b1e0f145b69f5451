#!/usr/bin/env bash
# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
#
# All measurements of docs/notes/performance_tables.md, one after the other, then its tables and
# plots. Takes about 30 minutes; nothing else may run on the machine.
#   tools/performance.sh [PART ...]   with parts of the list below, all by default
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/env.sh
out=out/performance
mkdir -p "$out"

# A part is a function; its name is also that of the JSON file that it writes.
modes_1() { impnet bench --runtime cpu --threads 1 --l 3 5 10 20 --rounds 10 --json "$out/modes_1.json" --plot docs/images/modes_1.png; }
modes_2() { impnet bench --runtime cpu --threads 2 --l 3 5 10 20 --rounds 10 --json "$out/modes_2.json" --plot docs/images/modes_2.png; }
torch_1() { impression_at_10 --runtime torch --threads 1 --json "$out/torch_1.json"; }
torch_2() { impression_at_10 --runtime torch --threads 2 --json "$out/torch_2.json"; }
bfloat16_1() { impression_at_10 --runtime torch --precision bfloat16 --threads 1 --json "$out/bfloat16_1.json"; }
bfloat16_2() { impression_at_10 --runtime torch --precision bfloat16 --threads 2 --json "$out/bfloat16_2.json"; }
openvino_1() { impression_at_10 --runtime openvino --threads 1 --json "$out/openvino_1.json"; }
openvino_2() { impression_at_10 --runtime openvino --threads 2 --json "$out/openvino_2.json"; }
impression_at_10() { impnet bench --l 10 --modes impression --key-modes sync --rounds 10 "$@"; }
r101() { papers_network --modes sparse impression --json "$out/r101.json"; }
r101_bfloat16() { papers_network --modes impression --precision bfloat16 --json "$out/r101_bfloat16.json"; }
papers_network() {
  impnet bench --model impression_r101 impression_r101_dis --size 1000x600 --threads 2 --l 10 --key-modes sync --frames 10 \
    --rounds 3 "$@"
}
scaling() {
  impnet bench --what size cameras length --threads 1 --l 10 --rounds 5 --json "$out/scaling.json" --plot docs/images/scaling.png
}
node_default() {
  impnet_bench_node --modes auto --key-modes auto --rate 30 --l auto --rounds 3 --seconds 10 --json "$out/node_default.json"
}
node_one() { impnet_bench_node --rate 30 --l 10 --rounds 3 --seconds 10 --json "$out/node_one.json"; }
node_two() { impnet_bench_node --rate 15 --cameras 2 --l 10 --rounds 3 --seconds 10 --json "$out/node_two.json"; }
node_bfloat16() {
  impnet_bench_node --rate 30 --l 10 --precision bfloat16 --box-memory off --rounds 3 --seconds 10 --json "$out/node_bfloat16.json"
}
streaming() { impnet streaming --bench "$out/modes_1.json" --speed 4 --l 3 10 --json "$out/streaming.json"; }
# On an idle machine and beside one process that is always busy: threads that spin for long while they wait (the usual
# way), threads that sleep at once, and ours.
waiting() {
  for load in idle busy; do
    local busy=''
    if [ "$load" = busy ]; then bash -c 'while :; do :; done' & busy=$!; fi
    for spins in 300000 0 500; do
      GOMP_SPINCOUNT=$spins impnet bench --threads 2 --l 10 --modes impression --key-modes sync --rounds 5 \
        --json "$out/waiting_${load}_$spins.json"
    done
    if [ -n "$busy" ]; then kill "$busy"; fi
  done
}

parts=("$@")
if [ ${#parts[@]} -eq 0 ]; then
  parts=(modes_1 modes_2 torch_1 torch_2 bfloat16_1 bfloat16_2 openvino_1 openvino_2 r101 r101_bfloat16 scaling node_default
    node_one node_bfloat16 node_two streaming waiting)
fi
mkdir -p docs/images
for part in "${parts[@]}"; do
  echo "==> $part (load $(cut -d' ' -f1 /proc/loadavg))"
  "$part"
done
python3 tools/performance_tables.py
