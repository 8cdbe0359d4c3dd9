/* SPDX-License-Identifier: MIT */
/* columns: the table of mounts: which columns, how wide, and what stands in them. */
#ifndef FUSEBOX_FUSE_INFO_COLUMNS_H
#define FUSEBOX_FUSE_INFO_COLUMNS_H

#include "health/census.h"
#include "mount/table.h"
#include "view.h"

enum column {
	COLUMN_STATE, COLUMN_WAIT, COLUMN_CONN, COLUMN_MOUNT, COLUMN_SERVER, COLUMN_PID, COLUMN_COMMAND,
	COLUMN_AGE, COLUMN_TYPE, COLUMN_SOURCE, COLUMN_MOUNTPOINT, COLUMN_KINDS
};

struct columns {
	uint8_t order[COLUMN_KINDS];
	int count;
	int width[COLUMN_KINDS];
	bool raw;	/* -r: one word for each cell, and no padding */
	bool chosen;	/* -o: leave none out */
};

/* One mount. */
struct line {
	const struct table_row *row;
	const struct conn *conn;	/* NULL: no search for servers */
	const char *state;
	int64_t waiting;		/* or -errno */
	bool hidden;			/* there may be a server that is not visible */
};

/* Sets the columns to show: those of a list such as "state,mountpoint", or of the table with or without
   servers. Returns NULL, or why the list is refused, and then points *bad to the wrong name. */
const char *columns_choose(struct columns *columns, const char *list, const char **bad);
void columns_default(struct columns *columns, bool servers);

/* Widens the columns for a line. */
void columns_measure(struct columns *columns, const struct line *line);
/* Fits the columns into a window (0: of any width): cuts the longest names and, where that is not
   enough, leaves out the least important columns. */
void columns_fit(struct columns *columns, int window);

void columns_show_heading(const struct columns *columns, struct view *view);
void columns_show(const struct columns *columns, struct view *view, const struct line *line);

#endif
