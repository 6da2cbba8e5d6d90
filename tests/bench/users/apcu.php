<?php
// SPDX-License-Identifier: GPL-2.0
// PHP's APCu: apcu.php LABELS ROUNDS, figures as users.c's.  A label is a key; its
// value is empty, as in LMDB's file.  Labels are new strings for each pass, whose
// hash nobody has computed yet, as those read from outside are.

const CHUNK = 16384;	// as users.c

function fresh($path, $order)
{
	$made = explode("\n", rtrim(file_get_contents($path), "\n"));
	$strings = [];
	foreach ($order as $i)
		$strings[] = $made[$i];
	return $strings;
}

// Nanoseconds a label, of every chunk.  One loop for each call: through a variable
// it would be dearer.
function one_pass($what, $strings)
{
	$times = [];
	foreach (array_chunk($strings, CHUNK) as $chunk) {
		$begin = hrtime(true);
		if ($what == 'loop') {
			foreach ($chunk as $label)
				gc_enabled();
		} elseif ($what == 'add') {
			foreach ($chunk as $label)
				apcu_add($label, '');
		} else {
			foreach ($chunk as $label)
				apcu_fetch($label);
		}
		$times[] = (hrtime(true) - $begin) / count($chunk);
	}
	return $times;
}

function at($times, $share)
{
	return $times[(int)(count($times) * $share)];
}

function show($what, $order, $times, $loop)
{
	foreach ($times as &$time)
		$time = max($time - $loop, 0.1);
	unset($time);
	sort($times);
	$name = "$what.$order.1cpu.apcu";
	$median = at($times, 0.5);
	printf("%s.p50_ns %.1f\n", $name, $median);
	printf("%s.p99_ns %.1f\n", $name, at($times, 0.99));
	printf("%s.spread_pct %.0f\n", $name,
	       (at($times, 0.75) - at($times, 0.25)) * 100 / $median);
	printf("%s.mops %.2f\n", $name,
	       1000 * count($times) / array_sum($times));
}

if (!function_exists('apcu_enabled') || !apcu_enabled()) {
	fwrite(STDERR, "users: no APCu in php (package php-apcu)\n");
	exit(77);
}
[, $path, $rounds] = $argv;
$count = count(explode("\n", rtrim(file_get_contents($path), "\n")));
$orders = ['same' => range(0, $count - 1), 'shuffled' => range(0, $count - 1)];
mt_srand(1);
shuffle($orders['shuffled']);
$loop = one_pass('loop', fresh($path, $orders['same']));
sort($loop);
$loop = at($loop, 0.5);
foreach ($orders as $name => $order) {
	$new = $again = $find = [];
	for ($i = 0; $i < $rounds; $i++) {
		apcu_clear_cache();
		$free = apcu_sma_info(true)['avail_mem'];
		$new = array_merge($new, one_pass('add', fresh($path, $order)));
		$took = $free - apcu_sma_info(true)['avail_mem'];
		if (apcu_cache_info(true)['num_entries'] != $count) {
			fwrite(STDERR, "users: APCu does not keep all labels\n");
			exit(1);
		}
		$again = array_merge($again, one_pass('add', fresh($path, $order)));
		$find = array_merge($find, one_pass('fetch', fresh($path, $order)));
	}
	show('usermiss', $name, $new, $loop);
	show('userhit', $name, $again, $loop);
	show('userfind', $name, $find, $loop);
	if ($name == 'same')
		printf("usermem.apcu.bytes %.1f\n", $took / $count);
}
