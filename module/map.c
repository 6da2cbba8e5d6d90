// SPDX-License-Identifier: GPL-2.0
/*
 * map - mmap of a session's file
 *
 * The only place with fault handlers.  Page frames are mapped, not pages; why
 * they cannot be written, and when they may be freed: arena.h.
 */
#include "map.h"

#include <linux/err.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "arena.h"
#include "compat/vma.h"
#include "domain.h"
#include "index.h"
#include "index_open.h"
#include "marks.h"
#include "pages.h"
#include "session.h"
#include "store.h"

/* Pages that come with the one that is touched: as many as file systems do. */
#define AROUND	16UL

/* A part of what there is to map. */
struct part {
	u64 begin;		/* offset in the file */
	u64 size;
	/* The page of a number, or NULL.  The arena's @faults is held. */
	void *(*page)(struct singlet_store *store, unsigned long nr);
	bool index;		/* there is no such thing without an index */
	bool holes;		/* where there is no page there are zeros */
	bool borrows;		/* may be written */
	const struct vm_operations_struct ops;
};

static void *slabs_page(struct singlet_store *store, unsigned long nr)
{
	return singlet_map_dir_page(&store->pool.arena->dir, nr);
}

static void *arena_page(struct singlet_store *store, unsigned long nr)
{
	return singlet_arena_page(store->pool.arena, nr);
}

static void *head_page(struct singlet_store *store, unsigned long nr)
{
	return store->index->head;
}

static void *lines_page(const struct singlet_lines *lines, unsigned long nr)
{
	void *page;

	/* It stays until faults are over: lines_gone(). */
	rcu_read_lock();
	page = singlet_lines_find(lines, nr * LINES_PER_PAGE);
	rcu_read_unlock();
	return page;
}

static void *home_page(struct singlet_store *store, unsigned long nr)
{
	return lines_page(&store->table.home, nr);
}

static void *over_page(struct singlet_store *store, unsigned long nr)
{
	return lines_page(&store->table.over, nr);
}

static void *sets_page(struct singlet_store *store, unsigned long nr)
{
	return singlet_map_dir_page(&store->pool.arena->marks->sets, nr);
}

static void *marks_page(struct singlet_store *store, unsigned long nr)
{
	return singlet_marks_page(store->pool.arena->marks, nr);
}

static const struct part *part_of(const struct vm_area_struct *vma)
{
	return container_of(vma->vm_ops, struct part, ops);
}

static struct singlet_store *store_of(const struct vm_area_struct *vma)
{
	return vma->vm_private_data;
}

/* The page of @part that belongs to @address. */
static void *find(struct vm_area_struct *vma, unsigned long address)
{
	unsigned long pgoff = vma->vm_pgoff +
			      ((address - vma->vm_start) >> PAGE_SHIFT);
	const struct part *part = part_of(vma);

	return part->page(store_of(vma), pgoff - (part->begin >> PAGE_SHIFT));
}

/* Map a page. */
static vm_fault_t put(struct vm_area_struct *vma, unsigned long address,
		      const void *page)
{
	return vmf_insert_pfn(vma, address, singlet_pages_pfn(page));
}

/* The page that is touched; a hole is none of those that come with it. */
static vm_fault_t fault_here(struct vm_area_struct *vma, unsigned long here)
{
	void *page = find(vma, here), *hole;

	if (!page && part_of(vma)->holes) {
		hole = singlet_arena_hole(store_of(vma)->pool.arena);
		page = find(vma, here) ?: hole;
	}
	return page ? put(vma, here, page) : VM_FAULT_SIGBUS;
}

static vm_fault_t fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct singlet_arena *arena = store_of(vma)->pool.arena;
	unsigned long here = vmf->address & PAGE_MASK;
	unsigned long begin, end, at;
	vm_fault_t ret;

	begin = max(vma->vm_start, round_down(here, AROUND * PAGE_SIZE));
	end = min(vma->vm_end - 1, here | (AROUND * PAGE_SIZE - 1));
	down_read(&arena->faults);
	ret = fault_here(vma, here);
	/* The others are a favour. */
	for (at = begin; ret == VM_FAULT_NOPAGE && at < end; at += PAGE_SIZE) {
		void *page = at == here ? NULL : find(vma, at);

		if (page)
			put(vma, at, page);
	}
	up_read(&arena->faults);
	return ret;
}

/* For debuggers: part of a page.  Return: bytes copied, or an error. */
static int access(struct vm_area_struct *vma, unsigned long address,
		  void *buffer, int len, int write)
{
	struct singlet_arena *arena = store_of(vma)->pool.arena;
	unsigned int in_page = offset_in_page(address);
	const void *page;

	if (write)
		return -EACCES;
	len = min_t(unsigned int, len, PAGE_SIZE - in_page);
	down_read(&arena->faults);
	page = find(vma, address);
	if (!page && part_of(vma)->holes)
		page = arena->hole;
	if (page)
		memcpy(buffer, page + in_page, len);
	up_read(&arena->faults);
	return page ? len : -EFAULT;
}

/* The session, and so the page, lives as long as the mapping. */
static vm_fault_t borrows_fault(struct vm_fault *vmf)
{
	const struct singlet_borrows *b = vmf->vma->vm_private_data;

	return put(vmf->vma, vmf->address & PAGE_MASK, b->page);
}

#define OPS	{ .fault = fault, .access = access }

static const struct part parts[] = {
	{ SINGLET_MAP_SLABS, PFN_UP(SINGLET_MAP_SLABS_SIZE) << PAGE_SHIFT,
	  slabs_page, .ops = OPS },
	{ SINGLET_MAP_ARENA, SINGLET_MAP_ARENA_SIZE, arena_page, .ops = OPS },
	{ SINGLET_MAP_HEAD, SINGLET_MAP_HEAD_SIZE, head_page, .index = true,
	  .ops = OPS },
	{ SINGLET_MAP_HOME, SINGLET_MAP_LINES_SIZE, home_page, .index = true,
	  .holes = true, .ops = OPS },
	{ SINGLET_MAP_OVER, SINGLET_MAP_LINES_SIZE, over_page, .index = true,
	  .holes = true, .ops = OPS },
	{ SINGLET_MAP_SETS, PFN_UP(SINGLET_MAP_SETS_SIZE) << PAGE_SHIFT,
	  sets_page, .index = true, .ops = OPS },
	{ SINGLET_MAP_MARKS, SINGLET_MAP_MARKS_SIZE, marks_page, .index = true,
	  .holes = true, .ops = OPS },
	{ SINGLET_MAP_BORROWS, SINGLET_MAP_BORROWS_SIZE, .index = true,
	  .borrows = true, .ops = { .fault = borrows_fault } },
};

/* The part that the whole mapping is in; or NULL. */
static const struct part *part_for(struct vm_area_struct *vma)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		unsigned long begin = parts[i].begin >> PAGE_SHIFT;
		unsigned long nr = parts[i].size >> PAGE_SHIFT;

		if (vma->vm_pgoff >= begin && vma->vm_pgoff - begin < nr &&
		    vma_pages(vma) <= nr - (vma->vm_pgoff - begin))
			return &parts[i];
	}
	return NULL;
}

/* Return: whose @vm_private_data it is, or an ERR_PTR. */
static void *open_part(struct singlet_session *s, const struct part *part)
{
	struct singlet_store *store = s->domain->store;
	struct inode *inode = s->domain->space;
	int err;

	err = part->index ? singlet_index_open(store, inode) :
			     singlet_arena_open(&store->pool, inode);
	if (err)
		return ERR_PTR(err);
	if (part->borrows)
		return singlet_session_borrows(s);
	return store;
}

/**
 * singlet_map() - map what a session's domain has
 * @s: session
 * @vma: new; file and offset are set
 *
 * The file, which the mapping keeps, keeps the session, the domain, and so the
 * arena and the index.
 *
 * Context: Process, sleeps; mmap_lock is held.
 * Return: 0, -ENODEV, -EACCES, -EPERM, -EINVAL, -ENOMEM, -EINTR; -EDQUOT and
 * -ENOSPC: of pages of borrows.
 */
int singlet_map(struct singlet_session *s, struct vm_area_struct *vma)
{
	const struct part *part = part_for(vma);
	bool writable = part && part->borrows;
	void *private;

	if (COMPAT_NO_MAPPING)
		return -ENODEV;
	/* A module's unsealed objects may be anything. */
	if (!(s->access & SINGLET_ACCESS_READ) ||
	    singlet_domain_kernel(s->domain))
		return -EACCES;
	if (vma->vm_flags & VM_EXEC || (vma->vm_flags & VM_WRITE && !writable))
		return -EPERM;
	/* Not VM_SHARED, which a descriptor without write access lacks. */
	if (!(vma->vm_flags & VM_MAYSHARE) || !part)
		return -EINVAL;
	if (part->index && !INDEX_POSSIBLE)
		return -ENODEV;
	private = open_part(s, part);
	if (IS_ERR(private))
		return PTR_ERR(private);
	compat_vm_flags_mod(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND |
				 VM_DONTDUMP | VM_DONTCOPY,
			    writable ? VM_MAYEXEC : VM_MAYWRITE | VM_MAYEXEC);
	vma->vm_private_data = private;
	vma->vm_ops = &part->ops;
	return 0;
}
