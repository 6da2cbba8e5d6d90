/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * singlet - named domains and quotas in the ABI of /dev/singlet
 *
 * Include <linux/singlet.h>, which has the rules and the errors that are common
 * to all commands, and includes this.
 */
#ifndef _UAPI_LINUX_SINGLET_DOMAIN_H
#define _UAPI_LINUX_SINGLET_DOMAIN_H

#include <linux/types.h>

/* Flags of a named domain. */
#define SINGLET_DOMAIN_EPHEMERAL 0x1U	/* ends with its last session */
#define SINGLET_DOMAIN_DELETED	0x2U	/* out: deleted, its sessions go on */

/* What quotas are on: indexes of @use and @limit. */
#define SINGLET_QUOTA_OBJECTS	0
#define SINGLET_QUOTA_BYTES	1	/* in the slots of these objects */
#define SINGLET_QUOTA_REFERENCES 2	/* (holder, object) pairs, pins included */
#define SINGLET_QUOTA_TYPES	3	/* made by users */
#define SINGLET_QUOTA_DOMAINS	4	/* named ones that a user owns */
#define SINGLET_QUOTA_IDLE	5	/* bytes of idle objects: a ceiling */
#define SINGLET_QUOTAS		6

/**
 * struct singlet_domain_create - ioctl(SINGLET_DOMAIN_CREATE)
 * @size: sizeof(struct singlet_domain_create)
 * @flags: SINGLET_DOMAIN_EPHEMERAL or 0
 * @name: pointer to the name: as of a type, but without colons and not
 *        "world"; unique in the user namespace
 * @name_len: bytes at @name
 * @mode: 9 bits, as of a file: r look up, w make objects, x know that it
 *        exists; for the owner, the group, and others; without x the others
 *        are of no use, but the owner always has it
 * @fd: out; a session in the new domain, with all access; close-on-exec
 * @reserved: must be 0
 *
 * Makes a domain that no user's private one has anything to do with: its own
 * types, objects and hash key.  Its owner and group are the effective ones of
 * the session's opener.  It stays until it is deleted, or, when ephemeral, ends
 * with its last session.
 *
 * Errors: EEXIST (the name is taken, also by a domain that the caller cannot
 * see), EINVAL (name, mode), EILSEQ (name), EDQUOT, EMFILE, ENFILE, ENOMEM.
 */
struct singlet_domain_create {
	__u32 size;
	__u32 flags;
	__u64 name;
	__u32 name_len;
	__u32 mode;
	__s32 fd;
	__u32 reserved;
};

#define SINGLET_DOMAIN_CREATE _IO(SINGLET_IOC_MAGIC, SINGLET_CMD_DOMAIN_CREATE)

/**
 * struct singlet_domain_join - ioctl(SINGLET_DOMAIN_JOIN)
 * @size: sizeof(struct singlet_domain_join)
 * @flags: must be 0
 * @name: pointer to the name
 * @name_len: bytes at @name
 * @access: SINGLET_ACCESS_* wanted, at least one
 * @fd: out; a session in the domain; close-on-exec
 * @reserved: must be 0
 *
 * Modes are checked now and not again; leaving is closing the descriptor.
 * Whoever has CAP_SYS_ADMIN in the user namespace passes every mode.
 *
 * Errors: ENOENT (no such domain, or none that the caller may know of),
 * EACCES, EMFILE, ENFILE, ENOMEM.
 */
struct singlet_domain_join {
	__u32 size;
	__u32 flags;
	__u64 name;
	__u32 name_len;
	__u32 access;
	__s32 fd;
	__u32 reserved;
};

#define SINGLET_DOMAIN_JOIN _IO(SINGLET_IOC_MAGIC, SINGLET_CMD_DOMAIN_JOIN)

/**
 * struct singlet_domain_delete - ioctl(SINGLET_DOMAIN_DELETE)
 * @size: sizeof(struct singlet_domain_delete)
 * @flags: SINGLET_DELETE_DEFERRED or 0
 * @name: pointer to the name; 0 when @serial is given
 * @name_len: bytes at @name; 0 when @serial is given
 * @reserved: must be 0
 * @serial: any domain of the machine, private ones too, by its number in
 *          /proc/singlet/domains; for CAP_SYS_ADMIN in the initial user
 *          namespace, which so can end what nobody can get at any more
 *
 * Deletes a domain without sessions with all that is in it, pins included.
 * With sessions it fails with EBUSY; or, if deferred, the name is free at once,
 * the sessions go on but can make nothing new (ESTALE), and the domain ends
 * with the last of them.
 *
 * Errors: ENOENT, EPERM (neither owner nor CAP_SYS_ADMIN), EBUSY.
 */
struct singlet_domain_delete {
	__u32 size;
	__u32 flags;
	__u64 name;
	__u32 name_len;
	__u32 reserved;
	__u64 serial;
};

#define SINGLET_DELETE_DEFERRED	0x1U

#define SINGLET_DOMAIN_DELETE _IO(SINGLET_IOC_MAGIC, SINGLET_CMD_DOMAIN_DELETE)

/**
 * struct singlet_domain_set - ioctl(SINGLET_DOMAIN_SET)
 * @size: sizeof(struct singlet_domain_set)
 * @flags: SINGLET_SET_*: what to change, at least one
 * @name: pointer to the name; 0: the session's domain
 * @name_len: bytes at @name; must be 0 when @name is
 * @mode: new mode; 0 unless SINGLET_SET_MODE
 * @uid: new owner; 0 unless SINGLET_SET_UID
 * @gid: new group; 0 unless SINGLET_SET_GID
 * @limit: new limits; 0: none; all bits set: the module's parameter, as at
 *         first; each 0 unless its SINGLET_SET_LIMIT()
 *
 * The owner may change the mode, the limits, and the group to one that the
 * caller is a member of; CAP_SYS_ADMIN in the user namespace everything.  A
 * private domain has no mode, owner or group to change (EINVAL).  Limits below
 * what is in use drop nothing; new requests fail.
 *
 * Errors: ENOENT, EPERM, EINVAL (range, ids that are not mapped,
 * SINGLET_SET_LIMIT(SINGLET_QUOTA_DOMAINS)), EDQUOT (the new owner has too
 * much).  Nothing is changed then.
 */
struct singlet_domain_set {
	__u32 size;
	__u32 flags;
	__u64 name;
	__u32 name_len;
	__u32 mode;
	__u32 uid;
	__u32 gid;
	__u64 limit[SINGLET_QUOTAS];
};

#define SINGLET_SET_MODE	0x1U
#define SINGLET_SET_UID		0x2U
#define SINGLET_SET_GID		0x4U
#define SINGLET_SET_LIMIT(quota) (0x100U << (quota))

#define SINGLET_DOMAIN_SET _IO(SINGLET_IOC_MAGIC, SINGLET_CMD_DOMAIN_SET)

/**
 * struct singlet_domain_info - what is known of a domain
 * @mode: 9 bits; of a private one 0700
 * @flags: SINGLET_DOMAIN_*
 * @uid: owner, as the caller's user namespace knows it
 * @gid: group, likewise
 * @access: SINGLET_ACCESS_* that the caller could join with
 * @reserved: 0
 * @serial: number of the domain, never used again
 * @sessions: open sessions; like @use and @limit 0 for who may neither join nor
 *            change the domain
 * @use: what is used of each quota; SINGLET_QUOTA_DOMAINS: 0
 * @limit: its limit; 0: none
 * @owner_use: the same of all the owner's domains and sessions together;
 *             SINGLET_QUOTA_IDLE: 0
 * @owner_limit: and its limits; both all 0 unless the caller is the owner or
 *               has CAP_SYS_ADMIN
 * @name: NUL-terminated; of a private one empty
 */
struct singlet_domain_info {
	__u32 mode;
	__u32 flags;
	__u32 uid;
	__u32 gid;
	__u32 access;
	__u32 reserved;
	__u64 serial;
	__u64 sessions;
	__u64 use[SINGLET_QUOTAS];
	__u64 limit[SINGLET_QUOTAS];
	__u64 owner_use[SINGLET_QUOTAS];
	__u64 owner_limit[SINGLET_QUOTAS];
	__u8 name[SINGLET_MAX_NAME + 1];
};

/**
 * struct singlet_domain_query - ioctl(SINGLET_DOMAIN_QUERY)
 * @size: sizeof(struct singlet_domain_query)
 * @flags: must be 0
 * @name: pointer to the name; 0: the session's domain
 * @name_len: bytes at @name; must be 0 when @name is
 * @reserved: must be 0
 * @info: out
 *
 * ENOENT: no such domain, or none that the caller may know of.
 */
struct singlet_domain_query {
	__u32 size;
	__u32 flags;
	__u64 name;
	__u32 name_len;
	__u32 reserved;
	struct singlet_domain_info info;
};

#define SINGLET_DOMAIN_QUERY _IO(SINGLET_IOC_MAGIC, SINGLET_CMD_DOMAIN_QUERY)

/**
 * struct singlet_domain_list - ioctl(SINGLET_DOMAIN_LIST)
 * @size: sizeof(struct singlet_domain_list)
 * @flags: must be 0
 * @infos: pointer to an array of struct singlet_domain_info
 * @cursor: in: 0 to start, then what came out; out: 0 at the end
 * @count: in: room in the array, 1 to SINGLET_MAX_BATCH; out: entries filled
 * @entry_size: sizeof(struct singlet_domain_info)
 *
 * The named domains of the user namespace that the caller may know of, oldest
 * first.
 */
struct singlet_domain_list {
	__u32 size;
	__u32 flags;
	__u64 infos;
	__u64 cursor;
	__u32 count;
	__u32 entry_size;
};

#define SINGLET_DOMAIN_LIST _IO(SINGLET_IOC_MAGIC, SINGLET_CMD_DOMAIN_LIST)

#endif /* _UAPI_LINUX_SINGLET_DOMAIN_H */
