/* check: may this enter? The list of recipients, the documents its rows name, and the secrets that shall protect
 * them are judged here, once, before anything is sealed, stored or mailed.
 *
 * A bad row refuses itself, not the run: it comes out of check_list_next() like the others, with its row and
 * column and a sentence, so that the results can list it. Only what makes the rest of the list unreadable (a
 * quotation mark that is never closed, a broken header, a limit) ends the reading; so callers read a list to its end
 * before they act on its first row.
 *
 * Nothing of a row outlives its arena and no row is kept here, so no row can get another row's data: callers take
 * a fresh arena, or a scratch of one, for each. Documents are opened below one directory and never outside it.
 * Secrets are measured by the guesses an attacker needs, at the rate the container itself allows. */
#ifndef LETTERLOCK_CHECK_H
#define LETTERLOCK_CHECK_H

#include "model/model.h"
#include "wire/csv.h"

/* ── The list ────────────────────────────────────────────────────────────────────────────────────── */

struct list_rules {
	struct csv_limits csv;
	uint64_t rows_max;    /* without the header */
	size_t documents_max; /* of one row */
	bool is_results;      /* the list is a results file: its last columns are read as such, its cells unguarded */
};
struct list_rules check_list_rules(void); /* the defaults: 256 MiB, 1,000,000 rows, 200 columns, 64 KiB a field */

/* The columns that a results file adds. A list may have none of these names for its own. */
enum list_result { RESULT_STATUS, RESULT_DELIVERY, RESULT_LINK, RESULT_EXPIRES_AT, RESULT_PASSWORD, RESULT_PROBLEM };
enum { LIST_RESULTS = RESULT_PROBLEM + 1 };
extern const str check_result_names[LIST_RESULTS];

struct list {
	str *columns; /* names as written, trimmed; without those a results file added */
	size_t column_count;
	char delimiter;
	bool had_bom;
	struct list_reading *reading; /* check's own */
};

struct list_row {
	uint64_t row; /* as a spreadsheet counts, the header is 1; 0: the list has ended */
	str *cells;   /* one for each column; fewer or more only in a refused row */
	size_t cell_count;
	str results[LIST_RESULTS]; /* if the list is a results file; also of a row that is refused */

	/* For a row that is not refused: */
	struct address address;
	str name, language;
	struct value *values; /* every column but email, name, language and document, in order */
	str *documents;       /* names below the directory of documents */
	size_t document_count;
	uint64_t repeats;       /* an earlier row with the same address and documents (without documents: and values);
				 * such a row is not to be sent again */
	bool repeats_otherwise; /* but its name or values differ from that row's */

	err verdict;          /* NEVER ADDRESS, DOCUMENT or LIST: the row is refused */
	struct fault problem; /* why: row, column and sentence */
};

/* Reads the header. `from` and `a` outlive the list. NEVER LIST or NEVER LIMIT with the place in *fault. */
err check_list_open(struct arena *a, struct source *from, const struct list_rules *rules, struct list *out,
		    struct fault *fault);
void check_list_done(struct list *list); /* for OWNED */
/* An error is one of the list as a whole; a bad row is OK with row.verdict. */
err check_list_next(struct list *list, struct arena *row_arena, struct list_row *out, struct fault *fault);

/* ── Documents ───────────────────────────────────────────────────────────────────────────────────── */

enum { DOCUMENT_NAME_MAX = 200 };

/* `name` is a path below dir_fd, as the list gives it: relative, without "..", without a link that leads out. The
 * file is regular, readable, not empty and at most size_max bytes. *out gets path (the same name below dir_fd: open
 * it with file_open_beneath() and hold the stream to `size`), name, type and size; id and digest come with sealing.
 * NEVER DOCUMENT with the file's name in the sentence. Every type is let through here; it is recorded. */
err check_document(int dir_fd, str name, uint64_t size_max, struct arena *a, struct document *out, struct fault *fault);
/* All documents of a row, in order. */
err check_documents(int dir_fd, const struct list_row *row, uint64_t size_max, struct arena *a, struct document **out,
		    struct fault *fault);
/* Whether a name of a list can be one below the directory of documents: NEVER DOCUMENT. */
err check_document_reference(str name);
/* What the recipient sees of a path: its last part, in NFC, without control, direction and invisible characters,
 * without what file systems refuse, of 200 octets at most. Never empty. */
err check_document_name(struct arena *a, str path, str *out);
str check_document_type(str name); /* by its extension; application/octet-stream if unknown */

/* ── Passwords ───────────────────────────────────────────────────────────────────────────────────── */

/* A phrase of at least `bits` bits in groups of four, such as k7mq-x3dp-…, from 31 letters and digits that nobody
 * takes for one another (no 0 o, no 1 i l). *bits_out is what it has. */
enum { PASSWORD_BITS = 80, PASSWORD_BITS_MAX = 256, PASSWORD_MAX = 128 };
err check_password_new(struct arena *secret, const struct entropy *chance, unsigned bits, str *out, double *bits_out);

/* The floors. A container can be tried offline for ever: below 80 bits somebody can afford it. Our page counts
 * tries and locks: with 14 bits five tries succeed once in 3,000 links at the most. */
enum { CONTAINER_BITS_LEAST = 80, PAGE_BITS_LEAST = 14 };
/* Beyond 64 bytes an AE-2 password has a second, equal one (HMAC hashes long keys first); beyond 32 bytes some PDF
 * readers do not open what others do. */
enum { ZIP_PASSWORD_MAX = 64, PDF_PASSWORD_MAX = 32 };

struct password_verdict {
	double bits;               /* log2 of the guesses needed, by the best attack we know */
	double guesses_per_second; /* that `what` allows: see password_rate.c */
	double seconds_to_guess;   /* all of those guesses */
	bool accepted;
	const char *reason; /* a sentence; null if accepted */
};

/* Measures a secret against what it shall protect: SEAL_OPEN is our page, SEAL_ZIP and SEAL_PDF the containers; others
 * are NEVER UNSUPPORTED. `known` are values that an attacker of this row has or can look up: a secret that is one of
 * them, or is made of them, counts nothing. With `is_details` the secret is itself a personal detail: pass only what
 * stands in the mail (name, address); a bare name then counts as one of 10,000. OK whenever it was judged. */
err check_password(struct arena *secret_arena, enum seal_kind what, str secret, const struct value *known,
		   bool is_details, struct password_verdict *out);

#endif
