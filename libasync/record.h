/**
 * @file
 * Records of the domain name system, as values: what async_dns_query lists. Each field is read by a function; a field
 * that records of a type do not have is 0, "" or NULL.
 */
#ifndef LIBASYNC_RECORD_H
#define LIBASYNC_RECORD_H

#include "libasync/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/** An IPv4 address. The numbers of types are those of the protocol. */
#define ASYNC_RECORD_A 1
/** A name server of a zone. */
#define ASYNC_RECORD_NS 2
/** The name that a name is an alias of. */
#define ASYNC_RECORD_CNAME 5
/** The start of a zone. */
#define ASYNC_RECORD_SOA 6
/** The name of an address. */
#define ASYNC_RECORD_PTR 12
/** A mail exchange. */
#define ASYNC_RECORD_MX 15
/** Texts. */
#define ASYNC_RECORD_TXT 16
/** An IPv6 address. */
#define ASYNC_RECORD_AAAA 28
/** Where a service is offered. */
#define ASYNC_RECORD_SRV 33
/** Who may issue certificates. */
#define ASYNC_RECORD_CAA 257

/**
 * The type of a record.
 *
 * @param record  an item of async_dns_query's list (lent)
 * @return ASYNC_RECORD_A and its like, or another number of the protocol; 0 for other values
 * @thread any
 * @since  0.1
 */
ASYNC_API int async_record_type(const async_value *record);

/**
 * The name that has the record: the one asked for, or where its aliases led.
 *
 * @param record  an item of async_dns_query's list (lent)
 * @return the name, without a closing dot; "" for other values (lent by the record)
 * @thread any
 * @since  0.1
 */
ASYNC_API const char *async_record_name(const async_value *record);

/**
 * How long the record may be kept: its time to live.
 *
 * @param record  an item of async_dns_query's list (lent)
 * @return seconds
 * @thread any
 * @since  0.1
 */
ASYNC_API uint32_t async_record_ttl(const async_value *record);

/**
 * The host that a record leads to.
 *
 * @param record  an item of async_dns_query's list (lent)
 * @return the address of A and AAAA, in text form; the name in CNAME, NS and PTR, the exchange of MX, the target of SRV,
 *         the primary name server of SOA (lent by the record)
 * @thread any
 * @since  0.1
 */
ASYNC_API const char *async_record_host(const async_value *record);

/**
 * Which of several to prefer.
 *
 * @param record  an item of async_dns_query's list (lent)
 * @return the preference of MX, the priority of SRV: the lower the better
 * @thread any
 * @since  0.1
 */
ASYNC_API int async_record_priority(const async_value *record);

/**
 * The share of those that are equal in priority.
 *
 * @param record  an item of async_dns_query's list (lent)
 * @return the weight of SRV
 * @thread any
 * @since  0.1
 */
ASYNC_API int async_record_weight(const async_value *record);

/**
 * The port of a service.
 *
 * @param record  an item of async_dns_query's list (lent)
 * @return the port of SRV
 * @thread any
 * @since  0.1
 */
ASYNC_API int async_record_port(const async_value *record);

/**
 * The strings of TXT. Long texts are cut into strings of 255 bytes, to be put together without anything between.
 *
 * @param record  an item of async_dns_query's list (lent)
 * @return a list of bytes; NULL for other types (lent by the record)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_value *async_record_strings(const async_value *record);

/**
 * The mailbox of who is responsible for a zone.
 *
 * @param record  an item of async_dns_query's list (lent)
 * @return the mailbox of SOA, as a name: its first dot stands for @ (lent by the record)
 * @thread any
 * @since  0.1
 */
ASYNC_API const char *async_record_mailbox(const async_value *record);

/**
 * The version of a zone.
 *
 * @param record  an item of async_dns_query's list (lent)
 * @return the serial of SOA
 * @thread any
 * @since  0.1
 */
ASYNC_API uint32_t async_record_serial(const async_value *record);

/**
 * After how long other name servers look for a new version.
 *
 * @param record  an item of async_dns_query's list (lent)
 * @return the refresh of SOA, in seconds
 * @thread any
 * @since  0.1
 */
ASYNC_API uint32_t async_record_refresh(const async_value *record);

/**
 * After how long they try again.
 *
 * @param record  an item of async_dns_query's list (lent)
 * @return the retry of SOA, in seconds
 * @thread any
 * @since  0.1
 */
ASYNC_API uint32_t async_record_retry(const async_value *record);

/**
 * After how long without success they give the zone up.
 *
 * @param record  an item of async_dns_query's list (lent)
 * @return the expire of SOA, in seconds
 * @thread any
 * @since  0.1
 */
ASYNC_API uint32_t async_record_expire(const async_value *record);

/**
 * How long it may be kept that a name is not there.
 *
 * @param record  an item of async_dns_query's list (lent)
 * @return the minimum of SOA, in seconds
 * @thread any
 * @since  0.1
 */
ASYNC_API uint32_t async_record_minimum(const async_value *record);

/**
 * The flags of a CAA record.
 *
 * @param record  an item of async_dns_query's list (lent)
 * @return the flags: 128 for one that must be understood
 * @thread any
 * @since  0.1
 */
ASYNC_API int async_record_flags(const async_value *record);

/**
 * What a CAA record is about.
 *
 * @param record  an item of async_dns_query's list (lent)
 * @return "issue", "issuewild", "iodef" and the like (lent by the record)
 * @thread any
 * @since  0.1
 */
ASYNC_API const char *async_record_tag(const async_value *record);

/**
 * What a CAA record says.
 *
 * @param record  an item of async_dns_query's list (lent)
 * @return the value (lent by the record)
 * @thread any
 * @since  0.1
 */
ASYNC_API const char *async_record_value(const async_value *record);

/**
 * The record's data as it came, for types that have no readers here.
 *
 * @param record  an item of async_dns_query's list (lent)
 * @return bytes; names in those of old types may point into a message that is gone; NULL for other values (lent by the
 *         record)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_value *async_record_data(const async_value *record);

#ifdef __cplusplus
}
#endif

#endif
