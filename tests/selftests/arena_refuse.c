// SPDX-License-Identifier: GPL-2.0
/*
 * Mapped slabs cannot be written, executed, pinned, extended or mapped by who
 * may not.  Whatever was tried, the value is the same afterwards.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "arena_test.h"
#include "domain_test.h"

#define LEN 9000

FIXTURE(mapped) {
	int fd;
	struct arena_map map;
	__u64 id;
	char *at;		/* the value; the pointer alone does not const */
	char *page;		/* the page that it begins in */
	char data[LEN];
};

SETUP(mapped)
{
	self->fd = st_open_fresh();
	self->map = arena_map(self->fd);
	st_fill(self->data, LEN, 1);
	self->id = st_must_intern(self->fd, SINGLET_TYPE_BYTES, self->data,
				  LEN);
	self->at = (char *)arena_find(&self->map, self->id);
	ASSERT_TRUE(self->at);
	self->page = (char *)((uintptr_t)self->at & ~(st_page_size() - 1));
	ASSERT_TRUE(!memcmp(self->at, self->data, LEN));
}

TEARDOWN(mapped)
{
	EXPECT_TRUE(!memcmp(self->at, self->data, LEN));
	EXPECT_TRUE(st_has_value(self->fd, self->id, self->data, LEN));
	ASSERT_EQ(st_release(self->fd, self->id, 1), 0);
	EXPECT_EMPTY(self->fd);
	arena_unmap(&self->map);
}

static const __u64 begins[] = { SINGLET_MAP_SLABS, SINGLET_MAP_ARENA };

TEST_F(mapped, protection)
{
	for (unsigned int i = 0; i < 2; i++) {
		__u64 at = begins[i];

		expect_refused(self->fd, at, 4096, PROT_READ | PROT_WRITE,
			       MAP_SHARED, EPERM);
		expect_refused(self->fd, at, 4096, PROT_WRITE, MAP_SHARED,
			       EPERM);
		expect_refused(self->fd, at, 4096, PROT_READ | PROT_EXEC,
			       MAP_SHARED, EPERM);
		expect_refused(self->fd, at, 4096, PROT_EXEC, MAP_SHARED,
			       EPERM);
		expect_refused(self->fd, at, 4096, PROT_READ, MAP_PRIVATE,
			       EINVAL);
		expect_refused(self->fd, at, 4096, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE, EPERM);
	}
}

TEST_F(mapped, ranges)
{
	size_t page = st_page_size();
	__u64 slabs_end = (SINGLET_MAP_SLABS_SIZE + page - 1) / page * page;
	__u64 arena_end = SINGLET_MAP_ARENA + SINGLET_MAP_ARENA_SIZE;
	const __u64 bad[][2] = {
		{ SINGLET_MAP_SLABS, slabs_end + page },
		{ slabs_end, page },
		{ slabs_end - page, 2 * page },
		{ SINGLET_MAP_ARENA - page, page },
		{ SINGLET_MAP_ARENA - page, 2 * page },
		{ arena_end, page },
		{ arena_end - page, 2 * page },
		{ SINGLET_MAP_ARENA + page, SINGLET_MAP_ARENA_SIZE },
		{ 1ULL << 62, page },
		{ (1ULL << 63) - page, page },
		{ -(__u64)page, page },
	};
	const __u64 good[][2] = {
		{ slabs_end - page, page },
		{ SINGLET_MAP_ARENA + page, page },
		{ arena_end - page, page },
		{ arena_end - 2 * page, 2 * page },
	};

	for (unsigned int i = 0; i < ST_ARRAY_SIZE(bad); i++) {
		intptr_t at = arena_mmap(self->fd, bad[i][0], bad[i][1],
					 PROT_READ, MAP_SHARED);

		/* The kernel itself has an opinion of what no file can have. */
		EXPECT_TRUE(at == -EINVAL ||
			    (bad[i][0] >> 62 && at == -EOVERFLOW));
	}
	for (unsigned int i = 0; i < ST_ARRAY_SIZE(good); i++) {
		intptr_t at = arena_mmap(self->fd, good[i][0], good[i][1],
					 PROT_READ, MAP_SHARED);

		ASSERT_GT(at, 0);
		EXPECT_FALSE(arena_readable((char *)at));
		EXPECT_EQ(munmap((void *)at, good[i][1]), 0);
	}
}

/* A part of the arena that begins anywhere has the same there. */
TEST_F(mapped, parts)
{
	size_t page = st_page_size(), in_page = self->at - self->page;
	__u64 offset = SINGLET_MAP_ARENA + (self->page - self->map.arena);
	intptr_t at = arena_mmap(self->fd, offset, 4 * page, PROT_READ,
				 MAP_SHARED);

	ASSERT_GT(at, 0);
	EXPECT_TRUE(!memcmp((char *)at + in_page, self->data, LEN));
	/* Without the middle. */
	EXPECT_EQ(munmap((char *)at + page, page), 0);
	EXPECT_TRUE(!memcmp((char *)at + in_page, self->data, page - in_page));
	EXPECT_TRUE(!memcmp((char *)at + 2 * page,
			    self->data + 2 * page - in_page, 100));
	EXPECT_EQ(munmap((void *)at, 4 * page), 0);
}

TEST_F(mapped, mprotect)
{
	char *pages[] = { self->page, (char *)self->map.slabs };

	for (unsigned int i = 0; i < 2; i++) {
		for (int prot = 0; prot < 8; prot++) {
			int ret = mprotect(pages[i], 4096, prot);

			if (prot & (PROT_WRITE | PROT_EXEC))
				EXPECT_TRUE(ret == -1 && errno == EACCES);
			else
				EXPECT_EQ(ret, 0);
		}
		EXPECT_EQ(mprotect(pages[i], 4096, PROT_READ), 0);
	}
}

TEST_F(mapped, mremap)
{
	size_t page = st_page_size();
	__u64 offset = SINGLET_MAP_ARENA + (self->page - self->map.arena);
	intptr_t at = arena_mmap(self->fd, offset, page, PROT_READ,
				 MAP_SHARED);
	char *moved, *there;

	ASSERT_GT(at, 0);
	EXPECT_TRUE(arena_readable((char *)at));
	EXPECT_TRUE(mremap((void *)at, page, 2 * page, MREMAP_MAYMOVE) ==
		    MAP_FAILED);
	/* Nor a second one of the same. */
	EXPECT_TRUE(mremap((void *)at, 0, page, MREMAP_MAYMOVE) == MAP_FAILED);
	/* It can move, and is where it was in the file. */
	there = mmap(NULL, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_TRUE(there != MAP_FAILED);
	moved = mremap((void *)at, page, page, MREMAP_MAYMOVE | MREMAP_FIXED,
		       there);
	EXPECT_TRUE(moved == there);
	EXPECT_TRUE(!memcmp(moved, self->page, page));
	EXPECT_EQ(munmap(moved, page), 0);
}

/* Another offset of the file for an old mapping: looked at as any. */
TEST_F(mapped, remap_file_pages)
{
	size_t page = st_page_size();
	intptr_t at = arena_mmap(self->fd, SINGLET_MAP_ARENA, page, PROT_READ,
				 MAP_SHARED);

	ASSERT_GT(at, 0);
	EXPECT_EQ(syscall(SYS_remap_file_pages, at, page, 0,
			  (SINGLET_MAP_ARENA + SINGLET_MAP_ARENA_SIZE) / page,
			  0), -1);
	EXPECT_EQ(syscall(SYS_remap_file_pages, at, page, 0,
			  (SINGLET_MAP_ARENA - page) / page, 0), -1);
	EXPECT_EQ(munmap((void *)at, page), 0);
}

/* Whatever advice, what is there is read again. */
TEST_F(mapped, madvise)
{
	for (int advice = 0; advice < 110; advice++) {
		madvise(self->page, st_page_size(), advice);
		madvise((void *)self->map.slabs, st_page_size(), advice);
		ASSERT_TRUE(!memcmp(self->at, self->data, LEN));
		ASSERT_TRUE(arena_find(&self->map, self->id) == self->at);
	}
}

TEST_F(mapped, proc_mem)
{
	char data[100];
	ssize_t n;
	int mem;

	/* Who has changed users has lost that. */
	ASSERT_EQ(prctl(PR_SET_DUMPABLE, 1), 0);
	mem = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	if (mem < 0)
		harness_skip("no /proc/self/mem");
	EXPECT_EQ(pwrite(mem, "x", 1, (uintptr_t)self->at), -1);
	EXPECT_EQ(pwrite(mem, "x", 1, (uintptr_t)self->map.slabs), -1);
	/* Where the kernel lets debuggers in at all, they can read. */
	n = pread(mem, data, sizeof(data), (uintptr_t)self->at);
	EXPECT_TRUE((n == -1 && errno == EIO) ||
		    (n == sizeof(data) && !memcmp(data, self->data, n)));
	harness_note("debuggers read %zd bytes", n);
	close(mem);
}

TEST_F(mapped, ptrace)
{
	const void *there[2];
	int ends[2], status;
	pid_t child;

	ASSERT_EQ(pipe(ends), 0);
	child = st_fork();
	if (!child) {
		struct arena_map map = arena_map(self->fd);
		const char *at = arena_find(&map, self->id);

		there[0] = at;
		there[1] = map.slabs;
		ASSERT_EQ(write(ends[1], there, sizeof(there)),
			  (ssize_t)sizeof(there));
		ASSERT_EQ(ptrace(PTRACE_TRACEME, 0, 0, 0), 0);
		raise(SIGSTOP);
		_exit(memcmp(at, self->data, LEN) != 0);
	}
	ASSERT_EQ(read(ends[0], there, sizeof(there)), (ssize_t)sizeof(there));
	ASSERT_EQ(waitpid(child, &status, 0), child);
	ASSERT_TRUE(WIFSTOPPED(status));
	for (unsigned int i = 0; i < 2; i++) {
		EXPECT_EQ(ptrace(PTRACE_POKEDATA, child, there[i], 0), -1);
		EXPECT_TRUE(errno == EIO || errno == EFAULT);
	}
	ASSERT_EQ(ptrace(PTRACE_CONT, child, 0, 0), 0);
	st_join(child);
	close(ends[0]);
	close(ends[1]);
}

/* A system call that is to write there. */
TEST_F(mapped, system_calls)
{
	struct iovec local = { self->data, 100 }, remote = { self->at, 100 };
	int ends[2];
	char byte;

	ASSERT_EQ(pipe(ends), 0);
	ASSERT_EQ(write(ends[1], "xyz", 3), 3);
	EXPECT_EQ(read(ends[0], self->at, 3), -1);
	EXPECT_EQ(errno, EFAULT);
	EXPECT_EQ(read(ends[0], &byte, 1), 1);
	EXPECT_EQ(process_vm_writev(getpid(), &local, 1, &remote, 1, 0), -1);
	EXPECT_EQ(ioctl(ends[0], FIONREAD, self->at), -1);
	/* A session's own results neither. */
	EXPECT_EQ(st_read(self->fd, self->id, self->at, 8, 0, NULL, NULL),
		  -EFAULT);
	close(ends[0]);
	close(ends[1]);
}

/* Copying from there works, all of it. */
TEST_F(mapped, copies)
{
	char got[LEN];
	int pair[2];

	ASSERT_EQ(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair), 0);
	ASSERT_EQ(send(pair[0], self->at, LEN, 0), LEN);
	ASSERT_EQ(recv(pair[1], got, LEN, 0), LEN);
	EXPECT_TRUE(!memcmp(got, self->data, LEN));
	close(pair[0]);
	close(pair[1]);
}

/*
 * Nobody gets a reference on a page: not a pipe, not another process, not
 * io_uring; so none can outlive the slab.
 */
TEST_F(mapped, pins)
{
	struct iovec local = { self->data, 100 }, remote = { self->at, 100 };
	int ends[2];

	ASSERT_EQ(pipe(ends), 0);
	EXPECT_EQ(vmsplice(ends[1], &remote, 1, 0), -1);
	EXPECT_EQ(errno, EFAULT);
	EXPECT_EQ(vmsplice(ends[1], &remote, 1, SPLICE_F_GIFT), -1);
	EXPECT_EQ(process_vm_readv(getpid(), &local, 1, &remote, 1, 0), -1);
	close(ends[0]);
	close(ends[1]);
}

TEST_F(mapped, io_uring)
{
	struct io_uring_params params = {};
	int ring = syscall(SYS_io_uring_setup, 4, &params);
	struct iovec vec = { self->page, st_page_size() };

	if (ring < 0)
		harness_skip("no io_uring: %s", strerror(errno));
	EXPECT_EQ(syscall(SYS_io_uring_register, ring,
			  IORING_REGISTER_BUFFERS, &vec, 1), -1);
	close(ring);
}

TEST_F(mapped, userfaultfd)
{
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | 1 /* user mode only */);
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = {
		.range = { (uintptr_t)self->page, st_page_size() },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	if (fd < 0)
		harness_skip("no userfaultfd: %s", strerror(errno));
	ASSERT_EQ(ioctl(fd, UFFDIO_API, &api), 0);
	EXPECT_EQ(ioctl(fd, UFFDIO_REGISTER, &range), -1);
	range.mode = UFFDIO_REGISTER_MODE_WP;
	EXPECT_EQ(ioctl(fd, UFFDIO_REGISTER, &range), -1);
	close(fd);
}

/* What the kernel itself says of the mappings. */
TEST_F(mapped, flags)
{
	FILE *smaps = fopen("/proc/self/smaps", "r");
	char line[512];
	unsigned int checked = 0;
	bool ours = false;

	if (!smaps)
		harness_skip("no /proc/self/smaps");
	while (fgets(line, sizeof(line), smaps)) {
		if (strstr(line, " r--s "))
			ours = strstr(line, "singlet\n");
		if (!ours || strncmp(line, "VmFlags:", 8))
			continue;
		ours = false;
		checked++;
		EXPECT_TRUE(strstr(line, " rd "));
		EXPECT_TRUE(strstr(line, " dc "));	/* not for children */
		EXPECT_TRUE(strstr(line, " de "));	/* not to be expanded */
		EXPECT_TRUE(strstr(line, " dd "));	/* not for core dumps */
		EXPECT_TRUE(strstr(line, " pf "));	/* page frames */
		EXPECT_FALSE(strstr(line, " wr "));
		EXPECT_FALSE(strstr(line, " mw "));
		EXPECT_FALSE(strstr(line, " ex "));
		EXPECT_FALSE(strstr(line, " me "));
	}
	fclose(smaps);
	EXPECT_EQ(checked, 2U);
}

/* A descriptor that can only be read is enough. */
TEST_F(mapped, read_only_descriptor)
{
	int fd = open(SINGLET_DEVICE, O_RDONLY | O_CLOEXEC);
	struct arena_map map;

	ASSERT_GE(fd, 0);
	map = arena_map(fd);
	EXPECT_TRUE(!memcmp(arena_find(&map, self->id), self->data, LEN));
	EXPECT_EQ(mprotect((void *)map.slabs, 4096, PROT_WRITE), -1);
	expect_refused(fd, SINGLET_MAP_ARENA, 4096, PROT_WRITE, MAP_SHARED,
		       EACCES);
	arena_unmap(&map);
	close(fd);
}

/* The session must be allowed to read. */
TEST(access)
{
	int fd = st_open_fresh(), owner, session;
	const char *name = sd_name("arena");
	struct arena_map map;
	__u64 id;

	owner = sd_must_create(fd, name, 0700, 0);
	id = st_must_str(owner, "for who may read");
	session = sd_must_join(fd, name, SD_WRITE);
	for (unsigned int i = 0; i < 2; i++)
		expect_refused(session, begins[i], 4096, PROT_READ, MAP_SHARED,
			       EACCES);
	close(session);
	session = sd_must_join(fd, name, SD_READ);
	map = arena_map(session);
	EXPECT_TRUE(!memcmp(arena_find(&map, id), "for who may read", 16));
	arena_unmap(&map);
	/* Another domain's session maps that one. */
	map = arena_map(fd);
	EXPECT_TRUE(!arena_find(&map, id));
	arena_unmap(&map);
	close(session);
	close(owner);
	EXPECT_EQ(sd_delete(fd, name, 0), 0);
}

struct outsider {
	const char *name;
};

static void join_as_outsider(void *context)
{
	struct outsider *o = context;
	int fd = st_open(), session;

	EXPECT_EQ(sd_join(fd, o->name, SD_READ, &session), -EACCES);
	close(fd);
}

/* Who may not join has no session to map with. */
TEST(outsider)
{
	struct outsider o = { .name = sd_name("closed") };
	int fd, owner;

	if (geteuid())
		harness_skip("only root can become other users");
	fd = st_open();
	owner = sd_must_create(fd, o.name, 0711, 0);
	sd_as(60011, 60011, 0, join_as_outsider, &o);
	close(owner);
	EXPECT_EQ(sd_delete(fd, o.name, 0), 0);
}
