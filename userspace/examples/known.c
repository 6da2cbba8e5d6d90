// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * known - which words of the input somebody in the domain has interned
 *
 *   cc -o known known.c $(pkg-config --cflags --libs singlet)
 *   singlet intern apple pear
 *   echo apple plum pear | ./known
 *
 * Every word that is known is borrowed while it is printed: it need not be copied
 * or held, and for a program that looks up many there is no system call.
 */
#include <errno.h>
#include <stdio.h>

#include <singlet.h>

int main(void)
{
	struct singlet *s;
	char word[256];
	int err;

	err = singlet_open(&s, 0);
	while (!err && scanf("%255s", word) == 1) {
		struct singlet_borrow b;

		err = singlet_borrow_str(s, word, &b);
		if (!err) {
			printf("%llu %.*s\n", (unsigned long long)b.id,
			       (int)b.len, (const char *)b.data);
			singlet_borrow_end(s, &b);
		} else if (err == -ENOENT) {
			err = 0;	/* nobody knows it */
		}
	}
	if (err)
		fprintf(stderr, "known: %s\n", singlet_error_text(err));
	else
		singlet_close(s);
	return err ? 1 : 0;
}
