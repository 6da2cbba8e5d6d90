/* SPDX-License-Identifier: GPL-2.0 */
/*
 * hash - keyed hash of a value
 *
 * What is asked of it: whoever does not know the key cannot tell which values
 * will share a bucket, and it is as cheap as a comparison of the bytes.  The
 * first is what almost universal hashing is about: for any two values, over all
 * keys, the odds that their hashes are equal are below 2^-29.
 *
 * What that does not cover is somebody who learns which values collide.  Hashes do
 * not leave the kernel, and the key goes to members of the domain only who map its
 * index (<linux/singlet_index.h>); to others there is left to find collisions by
 * timing lookups one by one, among 2^32.  Either can fill buckets in the domains
 * where they may make objects; a full one takes no more (TABLE_CHAIN_FULL).  A
 * cryptographic hash (SipHash-1-3) does not have that weakness with those who do
 * not know the key, and takes a third of the time of a hit for itself: see
 * Documentation/design.md.
 *
 *   up to 64 bytes  NH: words in pairs, (w0 + k0) * (w1 + k1), summed in 128
 *                   bits.  Two values of one length have a given difference
 *                   with odds of 2^-64.  Words may overlap: they and the length
 *                   tell the bytes.
 *   beyond          NH of each 64 bytes, the last ones overlapping; these sums
 *                   are coefficients of a polynomial at a random point modulo
 *                   2^61 - 1: odds of n * 2^-57 for n blocks.
 *   at last         with length and type, by multiply-shift to 32 bits: 2^-30,
 *                   as the halves of an NH sum are random themselves.
 */
#ifndef SINGLET_HASH_H
#define SINGLET_HASH_H

#include <linux/types.h>
#include <uapi/linux/singlet_hash.h>

void singlet_hash_key_init(struct singlet_hash_key *key);

#endif
